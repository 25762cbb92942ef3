import {perStepTensor} from '../backends/capture/step-values.js';
import type {Tensor} from '../backends/tf.js';
import type {Rng} from './rng.js';
import {drawerOfRows} from './shard.js';

/**
 * The random numbers of one part in one step. They depend on the run's seed, the part and the step only, so that a
 * resumed run draws the same ones, and they are drawn anew when the step is repeated from a recording.
 */
export interface StepRandom {
  /** Numbers of U(low, high); 0 and 1. */
  uniform(shape: readonly number[], low?: number, high?: number): Tensor;
  /** Numbers of Normal(mean, std); 0 and 1. */
  normal(shape: readonly number[], mean?: number, std?: number): Tensor;
  /**
   * Any other numbers: `draw` gives as many as the shape holds, and is called again in each step. Where it asks for the
   * shape, and several processes train together, that is of the whole batch, and each gets the numbers of its images:
   * then they do not depend on how many there are.
   */
  tensor(shape: readonly number[], draw: (rng: Rng, shape: readonly number[]) => Float32Array): Tensor;
}

/** The stream of a part: begun anew in each step. */
export class PartRandom implements StepRandom {
  readonly #root: Rng;
  #stream: Rng;

  constructor(root: Rng) {
    this.#root = root;
    this.#stream = root;
  }

  /** @param path what tells this step from all others */
  begin(...path: (string | number)[]): void {
    this.#stream = this.#root.fork(...path);
  }

  uniform(shape: readonly number[], low = 0, high = 1): Tensor {
    return this.tensor(shape, (rng, all) => rng.uniform(sizeOf(all), low, high));
  }

  normal(shape: readonly number[], mean = 0, std = 1): Tensor {
    return this.tensor(shape, (rng, all) => rng.normal(sizeOf(all), mean, std));
  }

  tensor(shape: readonly number[], draw: (rng: Rng, shape: readonly number[]) => Float32Array): Tensor {
    const [rows = 1, ...rest] = shape;
    const forRows = (count: number): Float32Array => draw(this.#stream, [count, ...rest]);
    const isOfRows = shape.length > 0 && draw.length > 1;
    return perStepTensor(isOfRows ? drawerOfRows(rows, forRows) : () => draw(this.#stream, shape), [...shape]);
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
