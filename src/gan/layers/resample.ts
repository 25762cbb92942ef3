import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';

/** Nearest-neighbour upsampling by 2: [batch, height, width, c] -> [batch, 2 height, 2 width, c]. */
export class Upsample extends Module {
  static readonly repeatable = true;

  override forward(x: Tensor): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const pixels = tf.reshape(x, [n * height * width, 1, channels]);
    const rows = tf.reshape(tf.concat([pixels, pixels], 1), [n * height, 1, 2 * width * channels]);
    return tf.reshape(tf.concat([rows, rows], 1), [n, 2 * height, 2 * width, channels]);
  }
}

/** Average pooling over 2x2 pixels: [batch, height, width, c] -> [batch, height / 2, width / 2, c]. */
export class AvgPool extends Module {
  static readonly repeatable = true;

  override forward(x: Tensor): Tensor {
    const [n, height, width, channels] = x.shape as [number, number, number, number];
    const rows = pairSum(tf.reshape(x, [(n * height) / 2, 2, width * channels]));
    const sums = pairSum(tf.reshape(rows, [(n * height * width) / 4, 2, channels]));
    return tf.reshape(tf.mul(sums, 1 / 4), [n, height / 2, width / 2, channels]);
  }
}

/** [a, 2, b] -> [a, b]. */
function pairSum(x: Tensor): Tensor {
  const [a, , b] = x.shape as [number, number, number];
  const half = (i: number): Tensor => tf.reshape(tf.slice(x, [0, i, 0], [a, 1, b]), [a, b]);
  return tf.add(half(0), half(1));
}
