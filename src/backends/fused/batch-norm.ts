/**
 * Batch normalisation with the statistics of the batch (arXiv 1502.03167, algorithm 1), and a (leaky) ReLU after it, as
 * one operation where the backend has a kernel for it: `TrainBatchNorm` and `TrainBatchNormGrad`, for channels that are
 * a multiple of 4.
 */
import {tf, type Tensor} from '../tf.js';
import {defineOperation} from '../operation.js';
import {noGrad} from './no-grad.js';

export interface BatchNormAttrs {
  /** Added to the variance. */
  eps: number;
  /** Negative slope of the activation: 0 for ReLU, 1 for none. */
  slope: number;
}

export interface Normalized {
  /** [batch, ..., c], as the input. */
  y: Tensor;
  /** Statistics of the batch [c], the variance without Bessel's correction; constants to gradients. */
  mean: Tensor;
  variance: Tensor;
}

/**
 * activation((x - mean) / sqrt(variance + eps) * weight + bias), statistics over all axes but the last.
 * @param x [batch, ..., c]
 * @param weight [c]
 * @param bias [c]
 */
export function batchNorm(x: Tensor, weight: Tensor, bias: Tensor, attrs: BatchNormAttrs): Normalized {
  const [y, mean, variance] = trainBatchNorm({x, weight, bias}, attrs) as [Tensor, Tensor, Tensor];
  return {y, mean, variance};
}

/** z where it is positive, `slope` z elsewhere. */
export function activate(z: Tensor, slope: number): Tensor {
  if (slope === 1) return z;
  return slope === 0 ? tf.relu(z) : tf.leakyRelu(z, slope);
}

function statistics(x: Tensor): {mean: Tensor; variance: Tensor} {
  const axes = leadingAxes(x);
  const mean = tf.mean(x, axes);
  return {mean, variance: tf.mean(tf.square(tf.sub(x, mean)), axes)};
}

function normalize(x: Tensor, mean: Tensor, variance: Tensor, eps: number): Tensor {
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps)));
}

const affine = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => tf.add(tf.mul(x, weight), bias);
const leadingAxes = (x: Tensor): number[] => x.shape.slice(0, -1).map((_, axis) => axis);

/** The gradients of x, weight and bias, as a composition. */
export function batchNormGradient(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  dy: Tensor,
  {eps, slope}: BatchNormAttrs,
): [Tensor, Tensor, Tensor] {
  const axes = leadingAxes(x);
  const count = x.size / x.shape.at(-1)!;
  const {mean, variance} = statistics(x);
  const normal = normalize(x, mean, variance, eps);
  const positive = noGrad(() => tf.greater(affine(normal, weight, bias), 0));
  const dz = slope === 1 ? dy : tf.where(positive, dy, tf.mul(dy, slope));
  const dBias = tf.sum(dz, axes);
  const dWeight = tf.sum(tf.mul(dz, normal), axes);
  const centred = tf.sub(dz, tf.div(tf.add(dBias, tf.mul(normal, dWeight)), count));
  return [tf.mul(centred, tf.mul(weight, tf.rsqrt(tf.add(variance, eps)))), dWeight, dBias];
}

const trainBatchNormGrad = defineOperation({
  name: 'TrainBatchNormGrad',
  inputs: ['x', 'weight', 'bias', 'dy', 'mean', 'variance'],
  // The bias decides only where the activation bends; the statistics follow from x, with which the reference
  // differentiates them.
  constants: ['bias', 'mean', 'variance'],
  reference: ({x, weight, bias, dy}, attrs: BatchNormAttrs): Tensor[] => batchNormGradient(x, weight, bias, dy, attrs),
});

const trainBatchNorm = defineOperation({
  name: 'TrainBatchNorm',
  inputs: ['x', 'weight', 'bias'],
  accepts: ({x}) => x.shape.at(-1)! % 4 === 0,
  reference({x, weight, bias}, {eps, slope}: BatchNormAttrs): Tensor[] {
    const {mean, variance} = statistics(x);
    return [activate(affine(normalize(x, mean, variance, eps), weight, bias), slope), mean, variance];
  },
  gradient: {
    outputs: [false, true, true],
    compute([dy], {inputs, outputs: [mean, variance], attrs}) {
      const [dx, dWeight, dBias] = trainBatchNormGrad({...inputs, dy: dy!, mean: mean!, variance: variance!}, attrs);
      return {x: dx!, weight: dWeight!, bias: dBias!};
    },
  },
});
