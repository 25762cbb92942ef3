/**
 * A linear map of the channels of each image, and a shift: what brightness, contrast, saturation and hue are together.
 * tfjs computes products of such small matrices slowly.
 *
 * The kernel is `ColorMap`:
 * - inputs: `x` [n, h, w, c], `matrices` [n, c, c], `shifts` [n, c], float32;
 * - output [n, h, w, c]: channel k of a pixel is shifts[k] + the sum over l of x[l] matrices[l, k], summed in this order.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

const operation: Operation<'x' | 'matrices' | 'shifts', object, Tensor> = defineOperation({
  name: 'ColorMap',
  inputs: ['x', 'matrices', 'shifts'],
  constants: ['matrices'],
  reference({x, matrices, shifts}: Record<'x' | 'matrices' | 'shifts', Tensor>, _: object): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const mapped = tf.matMul(tf.reshape(x, [n, height * width, channels]), matrices);
    return tf.reshape(tf.add(mapped, tf.reshape(shifts, [n, 1, channels])), x.shape);
  },
  gradient: {
    compute: ([dy], {inputs: {matrices, shifts}}) => ({
      x: operation({x: dy!, matrices: tf.transpose(matrices, [0, 2, 1]), shifts: tf.zerosLike(shifts)}, {}),
      shifts: tf.sum(dy!, [1, 2]),
    }),
  },
});

/**
 * The colours of each image through a map of its own.
 * @param x [n, height, width, channels]
 * @param matrices [n, channels, channels], rows for the given channels, columns for the new ones; a constant to
 * gradients
 * @param shifts [n, channels], added
 * @returns [n, height, width, channels], with derivatives of every order by x and shifts
 */
export const colorMap = (x: Tensor, matrices: Tensor, shifts: Tensor): Tensor => operation({x, matrices, shifts}, {});
