import {tf, type Tensor} from '../tf.js';
import {draws} from './draws.js';

/** Values that the host computes anew for each step. */
export type Compute = () => Float32Array;

/** Is told of them while a step is recorded. */
export interface ChangingListener {
  changes(tensor: Tensor, compute: Compute): void;
}

let listener: ChangingListener | undefined;

/**
 * A tensor of values that the host computes in every step: coefficients of an optimiser, dropout masks. When the step is repeated from a
 * recording, `compute` is called again, in the order of these calls, before anything else of the step; what it does beside (counting,
 * drawing random numbers) then happens as in the step itself.
 */
export function changing(compute: Compute, shape: number[]): Tensor {
  const tensor = tf.tensor(computed(compute), shape, 'float32');
  listener?.changes(tensor, compute);
  return tensor;
}

/** What `compute` gives, its draws not counted. */
export function computed(compute: Compute): Float32Array {
  draws.counting = false;
  try {
    return compute();
  } finally {
    draws.counting = true;
  }
}

/** Runs `f` with every call of `changing` told to `told`. */
export function listening<T>(told: ChangingListener, f: () => T): T {
  listener = told;
  try {
    return f();
  } finally {
    listener = undefined;
  }
}
