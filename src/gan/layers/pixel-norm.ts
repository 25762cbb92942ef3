import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';

/**
 * Divides the channels of each pixel by the root of their mean square (arXiv 1710.10196, section 4.2). [..., c] -> same.
 */
export class PixelNorm extends Module {
  static readonly repeatable = true;
  readonly eps: number;

  constructor(eps = 1e-8) {
    super();
    this.eps = eps;
  }

  override forward(x: Tensor): Tensor {
    return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), this.eps)));
  }
}
