import type {Convolution} from '../dnn/types.js';
import type {Gpu, KernelArg, KernelSource} from '../gpu.js';
import {long, longs} from './args.js';
import {forEach, shapeArg, teamArg, teamFor, threads} from './geometry.js';
import {source} from './source.js';
import {windowArg} from './window.js';

/** A variant of kernels/convolve.cu, and the numbers that it takes at a time. */
interface Variant {
  source: KernelSource;
  /** Inputs and outputs. */
  ins: number;
  outs: number;
  /** Groups of one input and one output each: inputs and outputs are the same numbers. */
  each: boolean;
}

function variant(name: string, ins: number, outs: number, each: boolean): Variant {
  const macros = {STEP_IN: `${ins}`, STEP_OUT: `${outs}`, EACH: `${each}`};
  return {source: source('convolve', name, macros), ins, outs, each};
}

const single = variant('single', 1, 1, false);
const fours = variant('fours', 4, 4, false);
const depthwise = variant('depthwise', 1, 1, true);
const depthwiseFours = variant('depthwise-fours', 4, 4, true);

/** PLACES in kernels/convolve.cu. */
const places = 2;

const groupOf = ({inChannels, outChannels, groups}: Convolution) => ({
  ins: inChannels / groups,
  outs: outChannels / groups,
});

function variantFor(conv: Convolution, addresses: readonly bigint[]): Variant {
  const {ins, outs} = groupOf(conv);
  const aligned = addresses.every((address) => address % 16n === 0n);
  if (ins === 1 && outs === 1) return aligned && conv.groups % 4 === 0 ? depthwiseFours : depthwise;
  return aligned && ins % 4 === 0 && outs % 4 === 0 ? fours : single;
}

const pointerTo = (value: bigint): KernelArg => ({type: 'pointer', value});

/** The structs Groups and Window of kernels/convolve.cu. */
function geometryArgs(conv: Convolution): KernelArg[] {
  const {ins, outs} = groupOf(conv);
  return [longs(ins, outs, conv.outChannels), windowArg(conv)];
}

function overImages(
  gpu: Gpu,
  entry: 'forward' | 'inputGradient',
  conv: Convolution,
  addresses: readonly [bigint, bigint, bigint],
): void {
  const chosen = variantFor(conv, addresses);
  const [height, width, lanes] =
    entry === 'forward'
      ? [conv.outHeight, conv.outWidth, conv.outChannels / chosen.outs]
      : [conv.inHeight, conv.inWidth, conv.inChannels / chosen.ins];
  const count = conv.batchSize * height * Math.ceil(width / places) * lanes;
  forEach(gpu, chosen.source, entry, count, [...addresses.map(pointerTo), ...geometryArgs(conv)]);
}

/** y = conv(x, filter), all float32 and as tfjs lays them out; any padding, any number of groups. */
export const convolve = (gpu: Gpu, conv: Convolution, x: bigint, filter: bigint, y: bigint): void =>
  overImages(gpu, 'forward', conv, [x, filter, y]);

/** dx, the gradient with respect to x. */
export const convolveInputGradient = (gpu: Gpu, conv: Convolution, dy: bigint, filter: bigint, dx: bigint): void =>
  overImages(gpu, 'inputGradient', conv, [dy, filter, dx]);

/** dFilter: sums of pieces of the images, which are then added up. */
export function convolveFilterGradient(gpu: Gpu, conv: Convolution, x: bigint, dy: bigint, dFilter: bigint): void {
  const chosen = variantFor(conv, [x, dy, dFilter]);
  const numbers = conv.filterHeight * conv.filterWidth * groupOf(conv).ins * conv.outChannels;
  const shape = {
    outer: 1,
    length: conv.batchSize * conv.outHeight,
    inner: numbers / (chosen.each ? chosen.outs : chosen.ins * chosen.outs),
  };
  const team = teamFor(shape, gpu.card, true);
  const partial = team.pieces === 1 ? dFilter : gpu.scratch(4 * team.pieces * numbers);
  gpu.launch({
    source: chosen.source,
    entry: 'filterGradient',
    grid: team.grid,
    block: [threads, 1, 1],
    args: [...[x, dy, partial].map(pointerTo), ...geometryArgs(conv), shapeArg(shape), teamArg(team)],
  });
  if (team.pieces === 1) return;
  forEach(gpu, chosen.source, 'total', numbers, [
    ...[partial, dFilter].map(pointerTo),
    long(team.pieces),
    long(numbers),
  ]);
}
