import type {Tensor} from '@tensorflow/tfjs-core';
import {tf} from '../tfjs-core.js';

/**
 * Runs `f` off the gradient tape: its result counts as a constant, and nothing of the forward pass is kept for a
 * backward one. tfjs has no such switch, but records nothing inside a custom gradient's forward function.
 */
export function noGrad<T extends Tensor>(f: () => T): T {
  const op = tf.customGrad(() => ({value: f(), gradFunc: () => []}));
  return op();
}
