import {onEachReplay} from '../../backends/capture/step-values.js';
import {activate, batchNorm} from '../../backends/fused/batch-norm.js';
import {batchNormOverRanks} from '../../backends/fused/batch-norm-over-ranks.js';
import {blend, type Average} from '../../backends/fused/blend.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Buffer, Counter, Module, Parameter} from '../module.js';
import {ShapeError} from '../shape-error.js';
import {currentRows} from '../shard.js';

export interface NormOptions {
  /** Added to the variance. */
  eps?: number;
  /** Share of the batch in the running statistics: new = (1 - momentum) old + momentum batch. */
  momentum?: number;
  /** Start of the scale. fastai's BatchNorm fills 1, and 0 for NormType BatchZero. */
  weight?: number;
  /** Start of the shift. fastai's BatchNorm fills 0.001. */
  bias?: number;
}

/**
 * Batch normalisation over all axes but the last (arXiv 1502.03167), as torch.nn.BatchNorm1d/2d/3d: normalises with the
 * biased batch variance and keeps the unbiased one; in eval mode uses the running statistics. [batch, ..., c] -> same.
 */
export class BatchNorm extends Module {
  static readonly repeatable = true;
  readonly channels: number;
  readonly eps: number;
  readonly momentum: number;
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Buffer;
  readonly runningVar: Buffer;
  readonly batchesTracked: Counter;
  /** Normalises with the statistics of the images of all ranks, where several train together. */
  synchronised = false;

  constructor(channels: number, {eps = 1e-5, momentum = 0.1, weight = 1, bias = 0.001}: NormOptions = {}) {
    super();
    this.channels = channels;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = this.register('weight', new Parameter(new Float32Array(channels).fill(weight), [channels]));
    this.bias = this.register('bias', new Parameter(new Float32Array(channels).fill(bias), [channels]));
    this.runningMean = this.register('running_mean', new Buffer(new Float32Array(channels), [channels]));
    this.runningVar = this.register('running_var', new Buffer(new Float32Array(channels).fill(1), [channels]));
    this.batchesTracked = this.register('num_batches_tracked', new Counter());
  }

  override forward(x: Tensor): Tensor {
    return this.forwardActivated(x, 1);
  }

  /** The layer and, in the same operation, what follows it: negative results times `slope` (0 is ReLU, 1 nothing). */
  forwardActivated(x: Tensor, slope: number): Tensor {
    if (x.shape.at(-1) !== this.channels || x.rank < 2)
      throw new ShapeError(`batch norm of ${this.channels}`, x.shape, `[batch, ..., ${this.channels}]`);
    const [weight, bias] = [this.weight.variable, this.bias.variable];
    if (!this.training)
      return activate(normalize(x, this.runningMean.variable, this.runningVar.variable, weight, bias, this.eps), slope);
    const rows = this.synchronised ? currentRows() : undefined; // outside of a step there are no others
    const count = x.size / this.channels / (rows?.share ?? 1);
    if (count < 2)
      throw new ShapeError(
        `batch norm of ${this.channels} in training`,
        x.shape,
        'more than one value per channel: a variance needs two',
      );
    const {y, mean, variance} = rows
      ? batchNormOverRanks(x, weight, bias, {eps: this.eps, slope, share: rows.share})
      : batchNorm(x, weight, bias, {eps: this.eps, slope});
    const [nextMean, nextVariance] = blend([
      this.#average(this.runningMean.variable, mean, 1),
      this.#average(this.runningVar.variable, variance, count / (count - 1)),
    ]);
    this.runningMean.assign(nextMean!);
    this.runningVar.assign(nextVariance!);
    onEachReplay(() => this.batchesTracked.value++);
    return y;
  }

  #average(old: Tensor, next: Tensor, correction: number): Average {
    return {old, next, keep: 1 - this.momentum, share: this.momentum * correction};
  }
}

/** (x - mean) / sqrt(variance + eps) * weight + bias, broadcast over the leading axes. */
export function normalize(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  weight: Tensor,
  bias: Tensor,
  eps: number,
): Tensor {
  const scale = tf.mul(weight, tf.rsqrt(tf.add(variance, eps)));
  return tf.add(tf.mul(tf.sub(x, mean), scale), bias);
}

/** Lets the batch norms of a network see the images of all ranks, where several train together. */
export function synchroniseNorms(network: Module): void {
  for (const module of network.modules()) if (module instanceof BatchNorm) module.synchronised = true;
}
