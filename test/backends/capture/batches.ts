import type {Batch} from '../../../dist/gan/data/types.js';
import {Rng} from '../../../dist/gan/rng.js';

/** `count` batches of two latents [4] and two images [side, side, 1], random. */
export function noiseBatches(count: number, side = 8): Batch[] {
  const rng = new Rng(7);
  return Array.from({length: count}, (_, i) => ({
    input: {data: rng.fork('input', i).normal(8, 0, 0.5), shape: [2, 4]},
    target: {data: rng.fork('target', i).normal(2 * side * side, 0, 0.5), shape: [2, side, side, 1]},
    size: 2,
  }));
}
