/**
 * A running average's next value as one operation, `Blend`, for backends where each operation costs. With the attribute
 * `inPlace`, which only steps that a device captures have, a kernel may return `old` itself, overwritten.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';
import {noGrad} from './no-grad.js';

interface Shares {
  keep: number;
  share: number;
}

const operation = defineOperation({
  name: 'Blend',
  inputs: ['old', 'next'],
  reference: ({old, next}, {keep, share}: Shares): Tensor => tf.add(tf.mul(old, keep), tf.mul(next, share)),
});

/** keep old + share next, of tensors of one shape; a constant to gradients. */
export const blend = (old: Tensor, next: Tensor, shares: Shares): Tensor =>
  noGrad(() => operation({old, next}, shares));
