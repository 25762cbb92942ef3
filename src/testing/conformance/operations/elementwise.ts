import {tf, type Tensor} from '../../../backends/tf.js';
import type {Input, OperationCase} from '../operation.js';
import {map, zip} from '../plain.js';
import {tolerances, type Tolerance} from '../tolerance.js';

const {rounded, curve} = tolerances;

/** A function of one number. */
function unary(
  title: string,
  compute: (x: Tensor) => Tensor,
  f: (value: number) => number,
  tolerance: Tolerance,
  input: Partial<Input> = {},
): OperationCase {
  return {title, inputs: [{shape: [3, 5, 7], low: -2, high: 2, ...input}], compute, plain: (x) => map(x, f), tolerance};
}

/** A function of two numbers; the shapes are broadcast. */
function binary(
  title: string,
  compute: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
  shapes: [number[], number[]],
  second: Partial<Input> = {},
): OperationCase {
  return {
    title,
    inputs: [{shape: shapes[0]}, {shape: shapes[1], ...second}],
    compute,
    plain: (a, b) => zip((x, y) => f(x, y), a, b),
    tolerance: rounded,
  };
}

/** How an image, its channels, its rows and single numbers meet in the layers of the library. */
const pairs: [string, [number[], number[]]][] = [
  [
    'same shape',
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
  ],
  ['a channel', [[2, 3, 4, 5], [5]]],
  ['a number', [[2, 3, 4, 5], []]],
  [
    'means that kept their axes',
    [
      [2, 3, 4, 5],
      [2, 1, 1, 5],
    ],
  ],
  [
    'both repeated',
    [
      [4, 1, 3],
      [2, 1],
    ],
  ],
];
const positive = {low: 0.5, high: 2};

const arithmetic = pairs.flatMap(([what, shapes]) => [
  binary(`add, ${what}`, tf.add, (a, b) => a + b, shapes),
  binary(`sub, ${what}`, tf.sub, (a, b) => a - b, shapes),
  binary(`mul, ${what}`, tf.mul, (a, b) => a * b, shapes),
  binary(`div, ${what}`, tf.div, (a, b) => a / b, shapes, positive),
]);

const clipped = {avoid: [-0.5, 0.5]};
const kink = {avoid: [0]};

/** softplus, without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const elementwise: OperationCase[] = [
  ...arithmetic,
  {
    title: 'addN of three',
    inputs: [{shape: [3, 4]}, {shape: [3, 4]}, {shape: [3, 4]}],
    compute: (...xs) => tf.addN(xs),
    plain: (...xs) => zip((a, b, c) => a + b + c, ...xs),
    tolerance: rounded,
  },
  // the library takes maxima of constants only; tfjs has no gradient of their gradient, and none of a repeated number
  {
    ...binary(
      'maximum, the first',
      tf.maximum,
      Math.max,
      [
        [4, 5],
        [4, 5],
      ],
      {low: -3, high: -2},
    ),
    orders: 1,
  },
  {
    ...binary(
      'maximum, the second',
      tf.maximum,
      Math.max,
      [
        [4, 5],
        [4, 5],
      ],
      {low: 2, high: 3},
    ),
    orders: 1,
  },
  {...binary('maximum with a number', tf.maximum, Math.max, [[4, 5], []]), orders: 0},
  unary('neg', tf.neg, (x) => -x, rounded),
  unary('abs', tf.abs, Math.abs, rounded, kink),
  unary('square', tf.square, (x) => x * x, rounded),
  unary('sqrt', tf.sqrt, Math.sqrt, rounded, positive),
  unary('rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), rounded, positive),
  unary(
    'clipByValue',
    (x) => tf.clipByValue(x, -0.5, 0.5),
    (x) => Math.min(Math.max(x, -0.5), 0.5),
    rounded,
    clipped,
  ),
  unary('relu', tf.relu, (x) => Math.max(x, 0), rounded, kink),
  unary('relu6', tf.relu6, (x) => Math.min(Math.max(x, 0), 6), rounded, {low: -3, high: 9, avoid: [0, 6]}),
  unary(
    'leakyRelu 0.2',
    (x) => tf.leakyRelu(x, 0.2),
    (x) => (x > 0 ? x : 0.2 * x),
    rounded,
    kink,
  ),
  unary('elu', tf.elu, (x) => (x > 0 ? x : Math.expm1(x)), curve, kink),
  unary('exp', tf.exp, Math.exp, curve),
  unary('log', tf.log, Math.log, curve, positive),
  unary('tanh', tf.tanh, Math.tanh, curve),
  unary('sigmoid', tf.sigmoid, sigmoid, curve),
  unary('softplus', tf.softplus, softplus, curve),
  unary(
    'softplus far below zero',
    (x) => tf.mul(tf.softplus(x), 1e9),
    (x) => 1e9 * softplus(x),
    curve,
    {
      low: -30,
      high: -20,
    },
  ),
  {
    ...unary(
      'tanh and sigmoid of large numbers',
      (x) => tf.add(tf.tanh(x), tf.sigmoid(x)),
      (x) => Math.tanh(x) + sigmoid(x),
      curve,
      {low: -50, high: 50},
    ),
    orders: 1,
  },
  {...unary('softplus of large numbers', tf.softplus, softplus, curve, {low: -50, high: 50}), orders: 1},
  {
    ...unary(
      'greater than 0',
      (x) => tf.greater(x, 0),
      (x) => Number(x > 0),
      rounded,
    ),
    orders: 0,
  },
  {
    title: 'equal',
    inputs: [{shape: [4, 5]}],
    compute: (x) => tf.equal(tf.relu(x), x),
    plain: (x) => map(x, (value) => Number(value >= 0)),
    tolerance: rounded,
    orders: 0,
  },
  {
    ...unary('whole numbers and back', (x) => tf.cast(tf.cast(x, 'int32'), 'float32'), Math.trunc, rounded, {
      low: -9,
      high: 9,
    }),
    orders: 0,
  },
];
