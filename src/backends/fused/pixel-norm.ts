/**
 * Pixels of the same length (arXiv 1710.10196, section 4.2), as the operations `PixelNorm` and `PixelNormGrad` where
 * the backend has kernels for them.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export interface PixelNormAttrs {
  /** Added to the mean of the squares. */
  eps: number;
}

/** 1 / sqrt(mean of x^2 over the last axis + eps), [..., 1]. */
const inverseLength = (x: Tensor, eps: number): Tensor => tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));

/** With y = x / length, dx = (dy - y mean(y dy)) / length; the mean is over the last axis. */
const pixelNormGrad = defineOperation({
  name: 'PixelNormGrad',
  inputs: ['x', 'dy'],
  reference({x, dy}, {eps}: PixelNormAttrs) {
    const factor = inverseLength(x, eps);
    const y = tf.mul(x, factor);
    return tf.mul(factor, tf.sub(dy, tf.mul(y, tf.mean(tf.mul(y, dy), -1, true))));
  },
});

const operation = defineOperation({
  name: 'PixelNorm',
  inputs: ['x'],
  reference: ({x}, {eps}: PixelNormAttrs): Tensor => tf.mul(x, inverseLength(x, eps)),
  gradient: {compute: ([dy], {inputs: {x}, attrs}) => ({x: pixelNormGrad({x, dy: dy!}, attrs)})},
});

/** x / sqrt(mean of x^2 over the last axis + eps). [..., c] -> same. */
export const pixelNorm = (x: Tensor, attrs: PixelNormAttrs): Tensor => operation({x}, attrs);
