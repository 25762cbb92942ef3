/**
 * Operations that a backend may have a kernel of its own for (src/backends/fused), as the library calls them: with that
 * kernel or by the composition, which serves where there is none.
 */
import {batchNorm} from '../../../backends/fused/batch-norm.js';
import {biasActivation} from '../../../backends/fused/bias-activation.js';
import {blend} from '../../../backends/fused/blend.js';
import {boxFilter} from '../../../backends/fused/box-filter.js';
import {clipByGlobalNorm} from '../../../backends/fused/clip-by-global-norm.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import type {OperationCase} from '../operation.js';
import {at, build, map, plain, total, zip, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';
import {eps, plainNorm, scaleAndShift} from './layers.js';

interface Norm {
  title: string;
  shape: readonly number[];
  /** Negative slope of the activation: 1 is none, 0 is ReLU. */
  slope: number;
}

/** Kernels work with whole vectors of four channels, and put blocks of rows together. */
const norms: Norm[] = [
  {title: 'batch norm in training', shape: [2, 3, 8], slope: 1},
  {title: 'batch norm in training, leaky ReLU', shape: [5, 4], slope: 0.2},
  {title: 'batch norm in training, ReLU', shape: [6, 4], slope: 0},
  {title: 'batch norm in training, an odd number of channels', shape: [7, 3], slope: 0.2},
];

/** More rows than a block has: too many to differentiate twice by differences. */
const long: Norm = {title: 'batch norm in training, many rows', shape: [601, 4], slope: 1};

const normCase = ({title, shape, slope}: Norm): OperationCase => ({
  title,
  inputs: [{shape}, ...scaleAndShift(shape.at(-1)!)],
  tolerance: tolerances.norm,
  compute: (x: Tensor, weight: Tensor, bias: Tensor) => batchNorm(x, weight, bias, {eps, slope}).y,
  plain: (x: Plain, weight: Plain, bias: Plain) =>
    map(
      plainNorm(
        x,
        weight,
        bias,
        shape.slice(0, -1).map((_, axis) => axis),
      ),
      (z) => (z > 0 ? z : slope * z),
    ),
});

/** Numbers on both sides of the bend, none near it: the signs of x alternate, and the bias is smaller. */
const biased = (shape: readonly number[], slope: number): OperationCase => {
  const sign = (i: number): number => (i % 2 === 0 ? 1 : -1);
  const channels = shape.at(-1)!;
  return {
    title: `bias of ${channels} channels and an activation, slope ${slope}`,
    inputs: [
      {shape, low: 0.5, high: 1.5},
      {shape: [channels], low: -0.3, high: 0.3},
    ],
    tolerance: tolerances.rounded,
    compute: (x: Tensor, bias: Tensor) => {
      const signs = tf.tensor(
        Array.from({length: x.size}, (_, i) => sign(i)),
        x.shape,
      );
      return biasActivation(tf.mul(x, signs), bias, slope);
    },
    plain: (x: Plain, bias: Plain) =>
      map(
        zip(
          (a, b) => a + b,
          plain(
            x.shape,
            x.data.map((value, i) => value * sign(i)),
          ),
          bias,
        ),
        (z) => (z > 0 ? z : slope * z),
      ),
  };
};

/** Each tap is the sum of up to four of a filter with a row and a column less. */
const boxed = (kernelSize: number, channels: [number, number], reversed: boolean): OperationCase => {
  const side = kernelSize + 1;
  const place = (tap: number): number => (reversed ? kernelSize - tap : tap);
  return {
    title: `filter of side ${kernelSize} for a change of size${reversed ? ', backwards' : ''}`,
    inputs: [{shape: [kernelSize, kernelSize, ...channels]}],
    tolerance: tolerances.rounded,
    compute: (x: Tensor) => boxFilter(x, {reversed, scale: 0.25}),
    plain: (x: Plain) =>
      build([side, side, ...channels], ([i, j, a, b]) => {
        let sum = 0;
        for (const row of [place(i!) - 1, place(i!)])
          for (const column of [place(j!) - 1, place(j!)])
            if (Math.min(row, column) >= 0 && Math.max(row, column) < kernelSize) sum += at(x, [row, column, a!, b!]);
        return sum / 4;
      }),
  };
};

/** Constants to gradients, as the running averages of batch norm are. */
const averages: OperationCase = {
  title: 'next values of running averages',
  inputs: [{shape: [7, 3]}, {shape: [7, 3]}],
  orders: 0,
  tolerance: tolerances.rounded,
  compute: (old, next) =>
    tf.stack(
      blend([
        {old, next, keep: 0.9, share: 0.2},
        {old: next, next: old, keep: 0.5, share: 0.25},
      ]),
    ),
  plain: (old, next) => {
    const [first, second] = [zip((a, b) => 0.9 * a + 0.2 * b, old, next), zip((a, b) => 0.5 * b + 0.25 * a, old, next)];
    return plain([2, 7, 3], [...first.data, ...second.data]);
  },
};

/** Of several tensors as one vector; a bound above their length changes nothing. */
const clipped = (bound: number): OperationCase => ({
  title: `tensors of a length of ${bound} at most`,
  inputs: [{shape: [4, 3]}, {shape: [5]}, {shape: [1]}],
  orders: 0,
  tolerance: tolerances.sum,
  compute: (...tensors) => {
    const {length, clipped} = clipByGlobalNorm(tensors, tf.scalar(bound));
    return tf.concat([length, ...clipped].map((tensor) => tf.reshape(tensor, [tensor.size])));
  },
  plain: (...tensors) => {
    const length = Math.sqrt(tensors.reduce((sum, tensor) => sum + total(map(tensor, (value) => value ** 2)), 0));
    const share = Math.min(1, bound / (length + 1e-6));
    const numbers = tensors.flatMap(({data}) => [...data].map((value) => value * share));
    return plain([numbers.length + 1], [length, ...numbers]);
  },
});

export const fused: OperationCase[] = [
  ...norms.map(normCase),
  {...normCase(long), orders: 1, directions: 2},
  biased([2, 3, 8], 0.2),
  biased([5, 3], 0),
  boxed(3, [2, 3], false),
  boxed(3, [2, 2], true),
  boxed(1, [3, 1], false),
  averages,
  clipped(0.5),
  clipped(100),
];
