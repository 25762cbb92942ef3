import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import {ShapeError} from '../shape-error.js';
import {normalize, type NormOptions} from './batch-norm.js';

/**
 * Instance normalisation with scale and shift (arXiv 1607.08022), as torch.nn.InstanceNorm1d/2d/3d with affine=True:
 * every channel of every image has its own mean and biased variance, in training and evaluation alike. [batch, ..., c]
 * -> same.
 */
export class InstanceNorm extends Module {
  static readonly repeatable = true;
  readonly channels: number;
  readonly eps: number;
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(channels: number, {eps = 1e-5, weight = 1, bias = 0.001}: Omit<NormOptions, 'momentum'> = {}) {
    super();
    this.channels = channels;
    this.eps = eps;
    this.weight = this.register('weight', new Parameter(new Float32Array(channels).fill(weight), [channels]));
    this.bias = this.register('bias', new Parameter(new Float32Array(channels).fill(bias), [channels]));
  }

  override forward(x: Tensor): Tensor {
    if (x.shape.at(-1) !== this.channels || x.rank < 3)
      throw new ShapeError(`instance norm of ${this.channels}`, x.shape, `[batch, ...spatial, ${this.channels}]`);
    const axes = x.shape.slice(1, -1).map((_, i) => i + 1);
    const mean = tf.mean(x, axes, true);
    const variance = tf.mean(tf.square(tf.sub(x, mean)), axes, true);
    return normalize(x, mean, variance, this.weight.variable, this.bias.variable, this.eps);
  }
}
