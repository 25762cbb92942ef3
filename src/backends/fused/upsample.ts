/**
 * Nearest upsampling and average pooling of images by a whole factor, as the operations `UpsampleNearest` and
 * `BlockSum`. With the same attributes each is the transpose of the other, so derivatives of every order use these two.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export interface BlockAttrs {
  /** Side of the block of pixels that belongs to one small pixel; a whole number >= 1. */
  factor: number;
  /** The result is multiplied by it. */
  scale: number;
}

type Image = [batch: number, height: number, width: number, channels: number];

/** y[n, i, j, c] = scale x[n, floor(i / factor), floor(j / factor), c]; [n, h, w, c] -> [n, h factor, w factor, c]. */
const upsample: Operation<'x', BlockAttrs, Tensor> = defineOperation({
  name: 'UpsampleNearest',
  inputs: ['x'],
  reference({x}, {factor, scale}) {
    const [n, h, w, c] = x.shape as Image;
    const wide = tf.tile(tf.reshape(x, [n * h * w, 1, c]), [1, factor, 1]);
    const y = tf.tile(tf.reshape(wide, [n * h, 1, w * factor * c]), [1, factor, 1]);
    return scaled(tf.reshape(y, [n, h * factor, w * factor, c]), scale);
  },
  gradient: {compute: ([dy], {attrs}) => ({x: blockSum({x: dy!}, attrs)})},
});

/** y[n, i, j, c] = scale times the sum of block (i, j) of x; [n, h, w, c] -> [n, h / factor, w / factor, c]. */
const blockSum: Operation<'x', BlockAttrs, Tensor> = defineOperation({
  name: 'BlockSum',
  inputs: ['x'],
  reference({x}, {factor, scale}) {
    const [n, h, w, c] = x.shape as Image;
    const [rows, columns] = [h / factor, w / factor];
    const low = tf.sum(tf.reshape(x, [n * rows, factor, w * c]), 1);
    const y = tf.sum(tf.reshape(low, [n * rows * columns, factor, c]), 1);
    return scaled(tf.reshape(y, [n, rows, columns, c]), scale);
  },
  gradient: {compute: ([dy], {attrs}) => ({x: upsample({x: dy!}, attrs)})},
});

const scaled = (x: Tensor, scale: number): Tensor => (scale === 1 ? x : tf.mul(x, scale));

/**
 * Each pixel becomes a block of factor x factor (torch.nn.functional.interpolate, mode 'nearest').
 * @param x [batch, height, width, channels]
 * @returns [batch, height factor, width factor, channels]
 */
export const upsampleNearest = (x: Tensor, factor: number): Tensor => upsample({x}, {factor, scale: 1});

/**
 * The mean of each block of factor x factor pixels (torch.nn.functional.avg_pool2d).
 * @param x [batch, height, width, channels], both sides multiples of the factor
 * @returns [batch, height / factor, width / factor, channels]
 */
export const averagePool = (x: Tensor, factor: number): Tensor => blockSum({x}, {factor, scale: 1 / factor ** 2});
