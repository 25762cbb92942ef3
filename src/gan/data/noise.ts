import type {Rng} from '../rng.js';
import type {HostTensor} from './types.js';

/** A tensor that is not worth looking at, such as noise: its `show` draws nothing. */
export class InvisibleTensor implements HostTensor {
  constructor(
    readonly data: Float32Array,
    readonly shape: number[],
  ) {}

  /** Nothing to draw, where an image would give a picture. */
  show(): undefined {
    return undefined;
  }
}

/** A vector of `size` numbers of the standard normal distribution, shape [size]. */
export function generateNoise(rng: Rng, size = 100): InvisibleTensor {
  return new InvisibleTensor(rng.normal(size), [size]);
}

/** Fresh noise for each item of a batch, shape [items, size]. */
export function noiseBatch(rng: Rng, items: number, size = 100): InvisibleTensor {
  return new InvisibleTensor(rng.normal(items * size), [items, size]);
}
