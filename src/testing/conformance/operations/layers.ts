import {tf, type Tensor} from '../../../backends/tf.js';
import {normalize} from '../../../gan/layers/batch-norm.js';
import {glu} from '../../../gan/layers/glu.js';
import {minibatchStddev} from '../../../gan/layers/minibatch-stddev.js';
import {pixelNorm} from '../../../gan/layers/pixel-norm.js';
import {bceWithLogits, l1, mse} from '../../../gan/losses/functions.js';
import type {OperationCase} from '../operation.js';
import {at, build, meanOver, reshape, sumOver, zip, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

const {norm, sum, curve} = tolerances;
export const eps = 1e-5;

/** Normalises over some axes, then scales and shifts each channel. */
export function plainNorm(x: Plain, weight: Plain, bias: Plain, axes: readonly number[]): Plain {
  const mean = meanOver(x, axes);
  const variance = meanOver(
    zip((value, centre) => (value - centre) ** 2, x, mean),
    axes,
  );
  return zip(
    (value, centre, spread, scale, shift) => ((value - centre) / Math.sqrt(spread + eps)) * scale + shift,
    x,
    mean,
    variance,
    weight,
    bias,
  );
}

function normOver(x: Tensor, weight: Tensor, bias: Tensor, axes: number[], keepDims: boolean): Tensor {
  const mean = tf.mean(x, axes, keepDims);
  const variance = tf.mean(tf.square(tf.sub(x, mean)), axes, keepDims);
  return normalize(x, mean, variance, weight, bias, eps);
}

export const scaleAndShift = (channels: number) => [{shape: [channels], low: 0.5, high: 1.5}, {shape: [channels]}];

/** Both scores near 1 and -1 lie on a kink of the hinge loss. */
const scores = {shape: [6, 1], low: -2, high: 2, avoid: [-1, 0, 1]};
const scalar = (x: Plain): Plain =>
  reshape(
    meanOver(
      x,
      x.shape.map((_, axis) => axis),
    ),
    [],
  );

export const layers: OperationCase[] = [
  {
    title: 'batch norm of images',
    inputs: [{shape: [3, 3, 4, 2]}, ...scaleAndShift(2)],
    tolerance: norm,
    compute: (x, weight, bias) => normOver(x, weight, bias, [0, 1, 2], false),
    plain: (x, weight, bias) => plainNorm(x, weight, bias, [0, 1, 2]),
  },
  {
    title: 'batch norm of rows',
    inputs: [{shape: [6, 5]}, ...scaleAndShift(5)],
    tolerance: norm,
    compute: (x, weight, bias) => normOver(x, weight, bias, [0], false),
    plain: (x, weight, bias) => plainNorm(x, weight, bias, [0]),
  },
  {
    title: 'instance norm',
    inputs: [{shape: [2, 4, 3, 2]}, ...scaleAndShift(2)],
    tolerance: norm,
    compute: (x, weight, bias) => normOver(x, weight, bias, [1, 2], true),
    plain: (x, weight, bias) => plainNorm(x, weight, bias, [1, 2]),
  },
  {
    title: 'norm by running statistics',
    tolerance: sum,
    inputs: [{shape: [2, 3, 3, 2]}, {shape: [2]}, {shape: [2], low: 0.5, high: 2}, ...scaleAndShift(2)],
    compute: (x, mean, variance, weight, bias) => normalize(x, mean, variance, weight, bias, eps),
    plain: (x, mean, variance, weight, bias) =>
      zip(
        (value, centre, spread, scale, shift) => ((value - centre) / Math.sqrt(spread + eps)) * scale + shift,
        x,
        mean,
        variance,
        weight,
        bias,
      ),
  },
  {
    title: 'pixel norm',
    inputs: [{shape: [2, 3, 1, 5]}],
    tolerance: norm,
    compute: (x) => pixelNorm(x),
    plain: (x) =>
      zip(
        (value, square) => value / Math.sqrt(square + 1e-8),
        x,
        meanOver(
          zip((value) => value ** 2, x),
          [3],
        ),
      ),
  },
  {
    title: 'standard deviation over groups of a batch',
    inputs: [{shape: [6, 2, 1, 3]}],
    tolerance: norm,
    compute: (x) => minibatchStddev(x, 3),
    plain: plainStddev,
  },
  {
    title: 'gated linear unit',
    inputs: [{shape: [2, 3, 6]}],
    tolerance: curve,
    compute: glu,
    plain: (x) => build([2, 3, 3], ([n, i, c]) => at(x, [n!, i!, c!]) / (1 + Math.exp(-at(x, [n!, i!, c! + 3])))),
  },
  {
    title: 'weight norm',
    inputs: [{shape: [3, 3, 2, 4]}, {shape: [1, 1, 1, 4], low: 0.5, high: 1.5}],
    tolerance: sum,
    compute: (direction, length) =>
      tf.mul(direction, tf.div(length, tf.sqrt(tf.sum(tf.square(direction), [0, 1, 2], true)))),
    plain: (direction, length) =>
      zip(
        (value, wanted, squares) => (value * wanted) / Math.sqrt(squares),
        direction,
        length,
        sumOver(
          zip((value) => value ** 2, direction),
          [0, 1, 2],
        ),
      ),
  },
  {
    title: 'attention',
    inputs: [{shape: [2, 5, 3]}, {shape: [2, 5, 3]}, {shape: [2, 5, 2]}],
    tolerance: curve,
    compute: attention,
    plain: plainAttention,
  },
  {
    title: 'mean squared error',
    inputs: [{shape: [3, 4]}, {shape: [3, 4]}],
    tolerance: sum,
    compute: mse,
    plain: (a, b) => scalar(zip((x, y) => (x - y) ** 2, a, b)),
  },
  {
    title: 'mean absolute error',
    inputs: [{shape: [3, 4], low: 1, high: 2}, {shape: [3, 4]}],
    tolerance: sum,
    compute: l1,
    plain: (a, b) => scalar(zip((x, y) => Math.abs(x - y), a, b)),
  },
  {
    title: 'binary cross-entropy of logits',
    inputs: [
      {shape: [6, 1], low: -4, high: 4, avoid: [0]},
      {shape: [6, 1], low: 0, high: 1},
    ],
    tolerance: curve,
    compute: bceWithLogits,
    plain: (a, b) => scalar(zip((x, y) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0) - x * y, a, b)),
  },
  {
    title: 'hinge loss of a critic',
    inputs: [scores, scores],
    tolerance: sum,
    compute: (real, fake) => tf.add(tf.mean(tf.relu(tf.sub(1, real))), tf.mean(tf.relu(tf.add(1, fake)))),
    plain: (real, fake) => scalar(zip((r, f) => Math.max(1 - r, 0) + Math.max(1 + f, 0), real, fake)),
  },
  {
    title: 'loss of a Wasserstein critic',
    inputs: [scores, scores],
    tolerance: sum,
    compute: (real, fake) => tf.sub(tf.mean(real), tf.mean(fake)),
    plain: (real, fake) => scalar(zip((r, f) => r - f, real, fake)),
  },
];

/** Images i, i + 2 and i + 4 of six are a group. */
function plainStddev(x: Plain): Plain {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const deviation = (group: number): number => {
    let total = 0;
    for (let place = 0; place < h * w * c; place++) {
      const values = [0, 1, 2].map((i) => x.data[(group + 2 * i) * h * w * c + place]!);
      const mean = values.reduce((a, b) => a + b) / 3;
      total += Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / 3 + 1e-8);
    }
    return total / (h * w * c);
  };
  const deviations = [deviation(0), deviation(1)];
  return build([n, h, w, c + 1], (index) => (index[3] === c ? deviations[index[0]! % 2]! : at(x, index)));
}

/** Mixes positions like SelfAttention: rows of softmax(key query^T) times the values. */
function attention(key: Tensor, query: Tensor, value: Tensor): Tensor {
  return tf.matMul(tf.softmax(tf.matMul(key, query, false, true), -1), value);
}

function plainAttention(key: Plain, query: Plain, value: Plain): Plain {
  const [n, length, features] = key.shape as [number, number, number];
  const outs = value.shape[2]!;
  const data = new Float64Array(n * length * outs);
  for (let b = 0; b < n; b++) {
    for (let i = 0; i < length; i++) {
      const weights = Array.from({length}, (_, j) => {
        let product = 0;
        for (let f = 0; f < features; f++)
          product += key.data[(b * length + i) * features + f]! * query.data[(b * length + j) * features + f]!;
        return Math.exp(product);
      });
      const all = weights.reduce((a, w) => a + w, 0);
      for (let o = 0; o < outs; o++)
        data[(b * length + i) * outs + o] = weights.reduce(
          (mixed, w, j) => mixed + (w / all) * value.data[(b * length + j) * outs + o]!,
          0,
        );
    }
  }
  return {shape: [n, length, outs], data};
}
