/**
 * The work of a training step on the host, besides submitting kernels to the device. A replay of the step repeats it.
 */
import {tf, type Tensor} from '../tf.js';

/** Follows the host's work while a step is captured. */
export interface HostListener {
  /** Runs `compute`. Random numbers that it draws do not keep the step from being captured. */
  computes(compute: () => Float32Array): Float32Array;
  /** `tensor` holds what `compute` has just returned. */
  computed(tensor: Tensor, compute: () => Float32Array): void;
  /** `effect` has run. */
  did(effect: () => void): void;
}

let listener: HostListener | undefined;

/**
 * A tensor of values that the host computes anew in each step: coefficients of an optimiser, dropout masks. When the
 * step is replayed, `compute` is called again, before anything else and in the order of these calls; it may draw random
 * numbers, count, and look at what may change between steps, shapes apart.
 */
export function perStepTensor(compute: () => Float32Array, shape: number[]): Tensor {
  const tensor = tf.tensor(listener ? listener.computes(compute) : compute(), shape, 'float32');
  listener?.computed(tensor, compute);
  return tensor;
}

/** Does something on the host, now and on each replay of the step: counting batches, say. */
export function onEachReplay(effect: () => void): void {
  effect();
  listener?.did(effect);
}

/** Runs `f`; `follower` follows the work of the host in it. */
export function listening<T>(follower: HostListener, f: () => T): T {
  listener = follower;
  try {
    return f();
  } finally {
    listener = undefined;
  }
}
