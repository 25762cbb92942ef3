/** A running average's next value as one operation, `Blend`, for backends where each operation costs: inputs `old` and `next`, attributes `keep` and `share`. */
import {tf, type Tensor} from '../tf.js';
import {hasFused, runFused} from './kernel.js';
import {noGrad} from './no-grad.js';

/** keep old + share next, of tensors of one shape; a constant to gradients. */
export function blend(old: Tensor, next: Tensor, {keep, share}: {keep: number; share: number}): Tensor {
  return noGrad(() =>
    hasFused('Blend')
      ? runFused('Blend', {old, next}, {keep, share})[0]!
      : tf.add(tf.mul(old, keep), tf.mul(next, share)),
  );
}
