import {pixelNorm as normalize} from '../../backends/fused/pixel-norm.js';
import type {Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {ShapeError} from '../shape-error.js';

/** As in arXiv 1710.10196. */
const defaultEps = 1e-8;

/** x / sqrt(mean over the channels of x^2 + eps): every pixel, or latent, gets the length sqrt(c). [..., c] -> same. */
export const pixelNorm = (x: Tensor, eps = defaultEps): Tensor => normalize(x, {eps});

/**
 * Gives every pixel, or latent, the length sqrt(c) (arXiv 1710.10196, section 4.2). [batch, ..., c] -> same.
 * @throws ShapeError for tensors of fewer than two axes
 */
export class PixelNorm extends Module {
  static readonly repeatable = true;
  readonly eps: number;

  constructor({eps = defaultEps}: {eps?: number} = {}) {
    super();
    this.eps = eps;
  }

  override forward(x: Tensor): Tensor {
    if (x.rank < 2) throw new ShapeError('PixelNorm', x.shape, '[batch, ..., channels]');
    return pixelNorm(x, this.eps);
  }
}
