import type {KernelArg} from '../gpu.js';
import {longs} from './args.js';
import {sizeOf} from './kernel.js';

/**
 * Axes that the kernels can tell apart (MAX_RANK in kernels/walk.cuh), after those that can be walked as one have been
 * joined.
 */
export const maxRank = 8;

/** A walk through places, and the strides that each array has along its axes. */
export interface Walk {
  sizes: number[];
  /** [array][axis] */
  strides: number[][];
}

/** Elements from one place to the next along each axis, of an array that lies dense. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Strides of an array repeated to a larger shape, whose last axes are its own: 0 where it is repeated. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(shape);
  const added = to.length - shape.length;
  return to.map((_, axis) => (axis < added || shape[axis - added] === 1 ? 0 : own[axis - added]!));
}

/**
 * The same walk with as few axes as possible: those of one place go, neighbours become one where all arrays go on
 * evenly.
 * @throws Error when more than `maxRank` remain
 */
export function joinAxes({sizes, strides}: Walk): Walk {
  const joined: Walk = {sizes: [], strides: strides.map(() => [])};
  sizes.forEach((size, axis) => {
    if (size === 1) return;
    const last = joined.sizes.length - 1;
    const even = last >= 0 && strides.every((own, n) => joined.strides[n]![last] === own[axis]! * size);
    if (even) joined.sizes[last]! *= size;
    else joined.sizes.push(size);
    strides.forEach((own, n) => (joined.strides[n]![even ? last : last + 1] = own[axis]!));
  });
  if (joined.sizes.length === 0) return {sizes: [1], strides: strides.map(() => [1])};
  if (joined.sizes.length > maxRank)
    throw new Error(
      `cuda: an arrangement of ${joined.sizes.length} axes is not supported; at most ${maxRank} remain after joining`,
    );
  return joined;
}

/** The struct Walk<N> of kernels/walk.cuh. */
export function walkArg(walk: Walk): KernelArg {
  const {sizes, strides} = walk;
  return longs(sizeOf(sizes), sizes.length, ...padded(sizes, 1), ...strides.flatMap((own) => padded(own, 0)));
}

/** An array of a struct that has room for `maxRank` numbers. */
export function padded(values: readonly number[], filler: number): number[] {
  return [...values, ...new Array<number>(maxRank - values.length).fill(filler)];
}
