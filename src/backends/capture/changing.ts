/** What a step does on the host beside handing kernels to the device. It happens again when the step is repeated from a recording. */
import {tf, type Tensor} from '../tf.js';
import {draws} from './draws.js';

/** Is told of it while a step is recorded. */
export interface HostListener {
  /** `tensor` holds what `compute` has just given. */
  changes(tensor: Tensor, compute: () => Float32Array): void;
  does(effect: () => void): void;
}

let listener: HostListener | undefined;

/**
 * A tensor of values that the host computes anew in each step: coefficients of an optimiser, dropout masks. When the step is repeated,
 * `compute` is called again, before anything else and in the order of these calls; it may draw random numbers, count, and look at what
 * may change between steps, shapes apart.
 */
export function changing(compute: () => Float32Array, shape: number[]): Tensor {
  const tensor = tf.tensor(uncounted(compute), shape, 'float32');
  listener?.changes(tensor, compute);
  return tensor;
}

/** Does something on the host, now and whenever the step is repeated: counting batches, say. */
export function inEachStep(effect: () => void): void {
  effect();
  listener?.does(effect);
}

/** Calls `f`, its draws of random numbers not counted. */
export function uncounted<T>(f: () => T): T {
  draws.counting = false;
  try {
    return f();
  } finally {
    draws.counting = true;
  }
}

/** Runs `f` with everything of this kind told to `told`. */
export function listening<T>(told: HostListener, f: () => T): T {
  listener = told;
  try {
    return f();
  } finally {
    listener = undefined;
  }
}
