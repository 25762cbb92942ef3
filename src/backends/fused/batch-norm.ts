/**
 * Batch normalisation with the statistics of the batch (arXiv 1502.03167, algorithm 1), and a (leaky) ReLU after it, as one
 * operation where the backend has a kernel for it. The kernels are `TrainBatchNorm` and `TrainBatchNormGrad`; without them
 * the compositions below serve, as they do where the channels are no multiple of 4. Derivatives of every order: the gradient of the gradient is that of the composition.
 */
import {tf, type Tensor} from '../tf.js';
import {hasFused, runFused} from './kernel.js';
import {nestedGrads} from './nested-grads.js';
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
  if (hasFused('TrainBatchNorm') && x.shape.at(-1)! % 4 === 0) {
    const [y, mean, variance] = runFused('TrainBatchNorm', {x, weight, bias}, {...attrs});
    return {y: y!, mean: mean!, variance: variance!};
  }
  const {mean, variance} = statistics(x);
  return {y: activate(affine(normalize(x, mean, variance, attrs.eps), weight, bias), attrs.slope), mean, variance};
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

/** Registers gradients that tfjs finds by the names of the kernels. */
tf.registerGradient({
  kernelName: 'TrainBatchNorm',
  inputsToSave: ['x', 'weight', 'bias'],
  outputsToSave: [false, true, true],
  gradFunc(dys, saved, attrs) {
    const [x, weight, bias, mean, variance] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [dy] = dys as Tensor[];
    // Now and not inside the functions: tfjs frees what else these make.
    const [dx, dWeight, dBias] = runFused('TrainBatchNormGrad', {x, weight, bias, dy: dy!, mean, variance}, attrs);
    return {x: () => dx!, weight: () => dWeight!, bias: () => dBias!};
  },
});

tf.registerGradient({
  kernelName: 'TrainBatchNormGrad',
  // The statistics follow from x: the composition differentiates them with it.
  inputsToSave: ['x', 'weight', 'bias', 'dy'],
  gradFunc(dys, saved, attrs) {
    const [dx, dWeight, dBias] = dys as [Tensor, Tensor, Tensor];
    const [x, weight, bias, dy] = saved as [Tensor, Tensor, Tensor, Tensor];
    const results = nestedGrads(
      (...inputs) => {
        const [a, b, d] = inputs as [Tensor, Tensor, Tensor];
        const [first, second, third] = batchNormGradient(a, b, bias, d, attrs as unknown as BatchNormAttrs);
        return tf.addN([tf.sum(tf.mul(first, dx)), tf.sum(tf.mul(second, dWeight)), tf.sum(tf.mul(third, dBias))]);
      },
      [x, weight, dy],
    );
    const result = (i: number) => () => results[i]!;
    const none = (like: Tensor) => () => tf.zerosLike(like);
    // The bias decides only where the activation bends.
    return {
      x: result(0),
      weight: result(1),
      bias: none(bias),
      dy: result(2),
      mean: none(weight),
      variance: none(weight),
    };
  },
});
