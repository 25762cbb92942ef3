import type {Gpu} from '../gpu.js';
import {long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {bytesOf, sizeOf, type View} from './kernel.js';
import {movers} from './select.js';
import {joinAxes, stridesOf, walkArg} from './walk.js';

const variantOf = movers('copy');
const transposeOf = movers('transpose');

/** One side of a copy: how far it is from place to place along each axis, and where the first is, in elements. */
export interface Arrangement {
  strides: readonly number[];
  from?: number;
}

/** y's places = x's places, for `sizes` of them along each axis. */
export function copy(
  gpu: Gpu,
  x: View,
  y: View,
  sizes: readonly number[],
  ofX: Arrangement,
  ofY: Arrangement = {strides: stridesOf(sizes)},
): void {
  const walk = joinAxes({sizes: [...sizes], strides: [[...ofX.strides], [...ofY.strides]]});
  const [fromX, fromY] = [ofX.from ?? 0, ofY.from ?? 0];
  const [stridesX, stridesY] = walk.strides as [number[], number[]];
  const count = sizeOf(sizes);
  const dense = walk.sizes.length === 1 && stridesX[0] === 1 && stridesY[0] === 1;
  if (count === 0) return;
  if (dense) {
    const bytes = bytesOf(x.dtype);
    gpu.copy(x.address + BigInt(fromX * bytes), y.address + BigInt(fromY * bytes), count * bytes);
    return;
  }
  const matrix = fromX === 0 && fromY === 0 ? swappedMatrix(walk.sizes, stridesX, stridesY) : undefined;
  if (matrix) return transposeMatrix(gpu, x, y, matrix);
  forEach(gpu, variantOf(x), 'copy', count, [pointer(x), pointer(y), long(fromX), long(fromY), walkArg(walk)], 4);
}

interface Matrix {
  batch: number;
  rows: number;
  columns: number;
}
/** Sides of a tile, and the rows of threads that share it. */
const [tile, tileRows] = [32, 8];
/** Smaller matrices would leave most of a tile's threads idle. */
const smallestSide = 8;
/** The most blocks that a grid may have in y and z. */
const mostBlocks = 65_535;

/** The matrices whose rows and columns a copy swaps, if it does that and nothing else. */
function swappedMatrix(
  sizes: readonly number[],
  stridesX: readonly number[],
  stridesY: readonly number[],
): Matrix | undefined {
  const [columns, rows] = sizes.slice(-2) as [number, number];
  const batch = sizes.length === 3 ? sizes[0]! : 1;
  if (sizes.length < 2 || sizes.length > 3 || Math.min(columns, rows) < smallestSide || rows / tile > mostBlocks)
    return undefined;
  const wanted = sizes.length === 3 ? [rows * columns, 1, columns] : [1, columns];
  return String(stridesX) === String(wanted) && String(stridesY) === String(stridesOf(sizes))
    ? {batch, rows, columns}
    : undefined;
}

function transposeMatrix(gpu: Gpu, x: View, y: View, {batch, rows, columns}: Matrix): void {
  const grid = [Math.ceil(columns / tile), Math.ceil(rows / tile), Math.min(batch, mostBlocks)] as const;
  gpu.launch({
    source: transposeOf(x),
    entry: 'transpose',
    grid,
    block: [tile, tileRows, 1],
    args: [pointer(x), pointer(y), long(rows), long(columns), long(batch)],
  });
}

/** y = x with its axes in another order; y's axis i is x's axis permutation[i]. */
export function permute(gpu: Gpu, x: View, permutation: readonly number[], y: View): void {
  const strides = stridesOf(x.shape);
  copy(
    gpu,
    x,
    y,
    permutation.map((axis) => x.shape[axis]!),
    {strides: permutation.map((axis) => strides[axis]!)},
  );
}
