/**
 * A linear map of the channels of each image, a shift, and a share of the image's mean: what brightness, contrast,
 * saturation and hue are together. tfjs computes products of such small matrices slowly.
 *
 * The kernel is `ColorMap`:
 * - inputs: `x` [n, h, w, c], `matrices` [n, c, c], `shifts` [n, c], `means` [n, 1], float32;
 * - output [n, h, w, c]: channel k of a pixel is the sum over l of x[l] matrices[l, k], plus shifts[k], plus `means`
 *   times the mean of all numbers of the image.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

type Input = 'x' | 'matrices' | 'shifts' | 'means';

const operation: Operation<Input, object, Tensor> = defineOperation({
  name: 'ColorMap',
  inputs: ['x', 'matrices', 'shifts', 'means'],
  constants: ['matrices', 'shifts', 'means'],
  reference({x, matrices, shifts, means}: Record<Input, Tensor>, _: object): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const pixels = tf.reshape(x, [n, height * width, channels]);
    const shared = tf.mul(tf.mean(pixels, [1, 2], true), tf.reshape(means, [n, 1, 1]));
    const added = tf.add(tf.reshape(shifts, [n, 1, channels]), shared);
    return tf.reshape(tf.add(tf.matMul(pixels, matrices), added), x.shape);
  },
  gradient: {
    compute: ([dy], {inputs: {matrices, shifts, means}}) => ({
      x: operation({x: dy!, matrices: tf.transpose(matrices, [0, 2, 1]), shifts: tf.zerosLike(shifts), means}, {}),
    }),
  },
});

export interface ColorMaps {
  /** Rows for the given channels, columns for the new ones: shape [n, channels, channels]. */
  matrices: Tensor;
  /** [n, channels], added. */
  shifts: Tensor;
  /** So many times the mean of all numbers of an image is added; 0 when absent. Shape [n, 1]. */
  means?: Tensor;
}

/**
 * The colours of each image through a map of its own.
 * @param x [n, height, width, channels]
 * @param maps constants to gradients
 * @returns [n, height, width, channels], with derivatives of every order by x
 */
export const colorMap = (x: Tensor, {matrices, shifts, means = tf.zeros([x.shape[0], 1])}: ColorMaps): Tensor =>
  operation({x, matrices, shifts, means}, {});
