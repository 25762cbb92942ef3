import type {Gpu, KernelArg, KernelSource} from '../gpu.js';
import {columnsOfPieces, shapeArg, teamArg, teamFor, threads} from './geometry.js';
import {scratch, sizeOf, type View} from './kernel.js';

/**
 * Two launches over the rows of x [rows, channels]: sums of pieces, `words` numbers each, and their totals for each
 * channel. The shape and the team come last among the arguments of both.
 */
export function sumRows(
  gpu: Gpu,
  variant: KernelSource,
  x: View,
  channels: number,
  words: number,
  sum: {entry: string; args: (partial: View) => KernelArg[]},
  total: {entry: string; args: (partial: View) => KernelArg[]},
): void {
  const shape = {outer: 1, length: sizeOf(x.shape) / channels, inner: channels};
  const team = teamFor(shape, gpu.card, true);
  const partial = scratch(gpu, [team.pieces, channels, words], 'float32');
  const block = [threads, 1, 1] as const;
  gpu.launch({
    source: variant,
    entry: sum.entry,
    grid: team.grid,
    block,
    args: [...sum.args(partial), shapeArg(shape), teamArg(team)],
  });
  const pieces = {...shape, length: team.pieces};
  const rest = teamFor(pieces, gpu.card, false, columnsOfPieces);
  gpu.launch({
    source: variant,
    entry: total.entry,
    grid: rest.grid,
    block,
    args: [...total.args(partial), shapeArg(pieces), teamArg(rest)],
  });
}
