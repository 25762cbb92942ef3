/**
 * Channels to pixels and back (arXiv 1609.05158), as the operations `PixelShuffle` and `PixelUnshuffle`, of which each
 * is the inverse and the transpose of the other. The order of channels is PyTorch's; tfjs's `DepthToSpace` has another
 * one, and no gradient.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export interface ShuffleAttrs {
  /** Side of the block of pixels that a pixel becomes. */
  factor: number;
}

type Image = [batch: number, height: number, width: number, channels: number];

const shuffle: Operation<'x', ShuffleAttrs, Tensor> = defineOperation({
  name: 'PixelShuffle',
  inputs: ['x'],
  reference({x}, {factor: r}) {
    const [n, h, w, c] = x.shape as Image;
    const split = tf.reshape(x, [n * h, w, c / r ** 2, r, r]); // [..., across, channel, i, j]
    return tf.reshape(tf.transpose(split, [0, 3, 1, 4, 2]), [n, h * r, w * r, c / r ** 2]);
  },
  gradient: {compute: ([dy], {attrs}) => ({x: unshuffle({x: dy!}, attrs)})},
});

const unshuffle: Operation<'x', ShuffleAttrs, Tensor> = defineOperation({
  name: 'PixelUnshuffle',
  inputs: ['x'],
  reference({x}, {factor: r}) {
    const [n, h, w, c] = x.shape as Image;
    const split = tf.reshape(x, [(n * h) / r, r, w / r, r, c]); // [..., i, across, j, channel]
    return tf.reshape(tf.transpose(split, [0, 2, 4, 1, 3]), [n, h / r, w / r, c * r ** 2]);
  },
  gradient: {compute: ([dy], {attrs}) => ({x: shuffle({x: dy!}, attrs)})},
});

/**
 * y[n, h r + i, w r + j, c] = x[n, h, w, c r^2 + i r + j] with r = factor (torch.nn.PixelShuffle).
 * @param x [batch, height, width, channels], channels a multiple of factor^2
 * @returns [batch, height factor, width factor, channels / factor^2]
 */
export const pixelShuffle = (x: Tensor, factor: number): Tensor => shuffle({x}, {factor});

/**
 * The inverse of `pixelShuffle` (torch.nn.PixelUnshuffle).
 * @param x [batch, height, width, channels], both sides multiples of the factor
 * @returns [batch, height / factor, width / factor, channels factor^2]
 */
export const pixelUnshuffle = (x: Tensor, factor: number): Tensor => unshuffle({x}, {factor});
