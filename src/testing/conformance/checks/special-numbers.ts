/**
 * NaN, infinities, signed zeros and denormals. A NaN that goes into an operation comes out of it, so that a training
 * that diverges is noticed; everything else is as its definition says. Signs of zeros are free, and so is taking
 * denormals for 0, as WebGPU and some matrix units do.
 */
import {batchNorm} from '../../../backends/fused/batch-norm.js';
import {biasActivation} from '../../../backends/fused/bias-activation.js';
import {blend} from '../../../backends/fused/blend.js';
import {clipByGlobalNorm} from '../../../backends/fused/clip-by-global-norm.js';
import {conv} from '../../../backends/fused/conv.js';
import {pixelShuffle} from '../../../backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../backends/fused/upsample.js';
import {coefficientNames, updateAll} from '../../../backends/fused/update.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import {Rng} from '../../../gan/rng.js';
import {demand, type Check, type Session} from '../check.js';
import {sizeOf} from '../plain.js';
import {tolerances} from '../tolerance.js';
import {sgd} from './updates.js';

const special = [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1.5, -1.5].map(Math.fround);

/** The smallest number of float32 that is no denormal. */
const smallest = 2 ** -126;

/** A number, or what a device may take it for. */
const readings = (value: number): number[] => (Math.abs(value) < smallest && value !== 0 ? [value, 0] : [value]);

/** Every choice of one of each list. */
const choices = (lists: readonly number[][]): number[][] =>
  lists.reduce<number[][]>((all, list) => all.flatMap((one) => list.map((next) => [...one, next])), [[]]);

const isClose = (got: number, wanted: number, bound: number): boolean =>
  Number.isNaN(wanted)
    ? Number.isNaN(got)
    : got === wanted || (Number.isFinite(wanted) && Math.abs(got - wanted) <= bound * Math.abs(wanted) + smallest);

/** A check inside an open device, which frees what it leaves. */
function check(title: string, run: () => Promise<void>): Check {
  return {
    group: 'operations',
    title: `NaN, infinity, denormals: ${title}`,
    async run(session: Session) {
      await session.device();
      tf.engine().startScope();
      try {
        await run();
      } finally {
        tf.engine().endScope();
      }
      return [];
    },
  };
}

const read = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

/**
 * A number of them that four divides, and another: each special one, or pair of them, comes to lie at many places of a
 * vector. More than a thousand: some devices leave fewer to the host.
 */
const shapes: Record<1 | 2, number[][]> = {
  1: [
    [252, 4],
    [339, 3],
  ],
  2: [
    [324, 4],
    [405, 3],
  ],
};

/** A function of a number, or of two. */
function pointwise(
  title: string,
  compute: (...inputs: Tensor[]) => Tensor,
  definition: (...values: number[]) => number,
  {arity = 1, bound = tolerances.rounded.values}: {arity?: 1 | 2; bound?: number} = {},
): Check {
  return check(title, async () => {
    for (const shape of shapes[arity]) {
      const inputs = Array.from({length: arity}, (_, n) =>
        Float32Array.from(
          {length: sizeOf(shape)},
          (_value, i) => special[Math.floor(i / special.length ** n) % special.length]!,
        ),
      );
      const got = await read(tf.tidy(() => compute(...inputs.map((values) => tf.tensor(values, shape)))));
      got.forEach((value, i) => {
        const given = inputs.map((values) => values[i]!);
        const wanted = choices(given.map(readings)).map((values) => definition(...values));
        demand(
          wanted.some((one) => isClose(value, one, bound)),
          `of ${given.join(' and ')} it is ${value}, wanted ${wanted[0]}`,
        );
      });
    }
  });
}

const curve = {bound: tolerances.curve.values};
const relu = (x: number): number => Math.max(x, 0);
const leaky =
  (slope: number) =>
  (x: number): number =>
    x < 0 ? slope * x : x;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => relu(x) + Math.log1p(Math.exp(-Math.abs(x)));

const functions: Check[] = [
  pointwise('neg', tf.neg, (x) => -x),
  pointwise('abs', tf.abs, Math.abs),
  pointwise('square', tf.square, (x) => x * x),
  pointwise('sqrt', tf.sqrt, Math.sqrt),
  pointwise('exp', tf.exp, Math.exp, curve),
  pointwise('tanh', tf.tanh, Math.tanh, curve),
  pointwise('sigmoid', tf.sigmoid, sigmoid, curve),
  pointwise('softplus', tf.softplus, softplus, curve),
  pointwise('elu', tf.elu, (x) => (x < 0 ? Math.expm1(x) : x), curve),
  pointwise('relu', tf.relu, relu),
  pointwise('relu6', tf.relu6, (x) => Math.min(relu(x), 6)),
  pointwise('leakyRelu', (x) => tf.leakyRelu(x, 0.2), leaky(0.2)),
  pointwise(
    'clipByValue',
    (x) => tf.clipByValue(x, -1, 1),
    (x) => Math.min(Math.max(x, -1), 1),
  ),
  pointwise(
    'maximum with a number',
    (x) => tf.maximum(x, 0.5),
    (x) => Math.max(x, 0.5),
  ),
  ...[0, 0.2, 1].map((slope) =>
    pointwise(
      `a bias and an activation, slope ${slope}`,
      (x) => biasActivation(x, tf.zeros([x.shape[1]!]), slope),
      slope === 0 ? relu : leaky(slope),
    ),
  ),
];

/** Gradients are given beside x; where x is NaN, so is the slope. */
const slopes = (title: string, f: (x: Tensor) => Tensor, below: number): Check =>
  pointwise(
    `the gradient of ${title}`,
    (x, dy) => tf.grad(f)(x, dy),
    (x, dy) => (Number.isNaN(x) ? NaN : x > 0 ? dy : below * dy),
    {arity: 2},
  );

const ofTwo: Check[] = [
  pointwise('add', tf.add, (a, b) => a + b, {arity: 2}),
  pointwise('sub', tf.sub, (a, b) => a - b, {arity: 2}),
  pointwise('mul', tf.mul, (a, b) => a * b, {arity: 2}),
  pointwise('maximum', tf.maximum, Math.max, {arity: 2}),
  pointwise('minimum', tf.minimum, Math.min, {arity: 2}),
  pointwise(
    'addN',
    (a, b) => tf.addN([a, b, a]),
    (a, b) => a + b + a,
    {arity: 2},
  ),
  pointwise(
    'running averages',
    (old, next) => blend([{old, next, keep: 0.5, share: 0.25}])[0]!,
    (old, next) => 0.5 * old + 0.25 * next,
    {arity: 2},
  ),
  slopes('relu', tf.relu, 0),
  slopes('leakyRelu', (x) => tf.leakyRelu(x, 0.2), 0.2),
  ...[0, 0.2].map((slope) =>
    slopes(`a bias and an activation, slope ${slope}`, (x) => biasActivation(x, tf.zeros([x.shape[1]!]), slope), slope),
  ),
];

/** Rows of ordinary numbers, with one that is not in each, and with two infinities in the last. */
const few = [...special.map((value) => [1, -2, value, 3, 0.5]), [1, Infinity, 2, -Infinity, 3]];
const rows = Array.from({length: 25 * few.length}, (_, i) => few[i % few.length]!);

const reduction = (
  title: string,
  compute: (x: Tensor) => Tensor,
  definition: (row: readonly number[]) => number,
): Check =>
  check(title, async () => {
    const got = await read(tf.tidy(() => compute(tf.tensor2d(rows))));
    rows.forEach((row, i) =>
      demand(
        isClose(got[i]!, definition(row), tolerances.sum.values),
        `of ${row.join(', ')} it is ${got[i]}, wanted ${definition(row)}`,
      ),
    );
  });

const total = (row: readonly number[]): number => row.reduce((sum, value) => sum + value, 0);
const reductions: Check[] = [
  reduction('sum', (x) => tf.sum(x, 1), total),
  reduction(
    'mean',
    (x) => tf.mean(x, 1),
    (row) => total(row) / row.length,
  ),
  reduction('sum of columns', (x) => tf.sum(tf.transpose(x), 0), total),
  reduction(
    'max',
    (x) => tf.max(x, 1),
    (row) => Math.max(...row),
  ),
  reduction(
    'min',
    (x) => tf.min(x, 1),
    (row) => Math.min(...row),
  ),
];

/** What only moves numbers: every one comes out as it went in. */
const moves: Check = check('what is moved', async () => {
  const numbers = Float32Array.from({length: 2 * 3 * 3 * 4}, (_, i) => special[i % special.length]!);
  const moved = await Promise.all(
    tf
      .tidy(() => {
        const x = tf.tensor4d(numbers, [2, 3, 3, 4]);
        return [
          tf.concat([x, x], 3),
          tf.transpose(x, [3, 0, 2, 1]),
          tf.pad(x, [
            [0, 0],
            [1, 1],
            [1, 0],
            [0, 0],
          ]),
          tf.reverse(x, 1),
          upsampleNearest(x, 2),
          pixelShuffle(x, 2),
        ];
      })
      .map(read),
  );
  const copies = [2, 1, 1, 1, 4, 1];
  const kinds: [string, (value: number) => boolean][] = [
    ['NaN', Number.isNaN],
    ['infinite', (value) => value === Infinity],
    ['minus infinite', (value) => value === -Infinity],
    ['1.5', (value) => value === 1.5],
  ];
  moved.forEach((values, i) => {
    for (const [what, is] of kinds)
      demand(
        values.filter(is).length === copies[i]! * Array.from(numbers).filter(is).length,
        `of arrangement ${i}, ${values.filter(is).length} numbers are ${what}`,
      );
  });
});

const random = (shape: number[], seed: number): Tensor =>
  tf.tensor(new Rng(seed).uniform(sizeOf(shape), 0.5, 1), shape);

/**
 * What is a sum of products: where a number that is not finite goes in, none that is finite comes out. Fast algorithms
 * may spread it to neighbours.
 */
const seen = (
  title: string,
  shape: number[],
  at: readonly number[],
  compute: (x: Tensor) => Tensor,
  sees: (index: readonly number[]) => boolean,
): Check =>
  check(title, async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const result = tf.tidy(() => {
        const buffer = tf.buffer(shape, 'float32', new Rng(1).uniform(sizeOf(shape), 0.5, 1));
        buffer.set(value, ...at);
        return compute(buffer.toTensor());
      });
      const got = await read(result);
      got.forEach((one, i) => {
        const index = tf.util.indexToLoc(i, result.rank, tf.util.computeStrides(result.shape));
        if (sees(index)) demand(!Number.isFinite(one), `where ${value} goes in, ${one} comes out at [${index.join()}]`);
      });
    }
  });

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1;
const convolve = (x: Tensor, filter: Tensor): Tensor =>
  conv(x, filter, {stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1});
const filterShape = [3, 3, 4, 8];

const products: Check[] = [
  seen(
    'matMul',
    [5, 6],
    [2, 3],
    (x) => tf.matMul(x, random([6, 7], 2)),
    ([row]) => row === 2,
  ),
  seen(
    'a convolution',
    [2, 7, 7, 4],
    [1, 3, 2, 1],
    (x) => convolve(x, random(filterShape, 2)),
    ([n, row, column]) => n === 1 && near(row!, 3) && near(column!, 2),
  ),
  seen(
    'the gradient of images through a convolution',
    [2, 7, 7, 8],
    [1, 3, 2, 1],
    (dy) => tf.grad((x: Tensor) => convolve(x, random(filterShape, 2)))(random([2, 7, 7, 4], 3), dy),
    ([n, row, column]) => n === 1 && near(row!, 3) && near(column!, 2),
  ),
  seen(
    'the gradient of a filter',
    [2, 7, 7, 4],
    [1, 3, 2, 1],
    (x) => tf.grad((filter: Tensor) => convolve(x, filter))(random(filterShape, 2), random([2, 7, 7, 8], 3)),
    ([, , channel]) => channel === 1,
  ),
  seen(
    'batch norm in training',
    [6, 8],
    [2, 3],
    (x) => batchNorm(x, tf.ones([8]), tf.zeros([8]), {eps: 1e-5, slope: 0.2}).y,
    ([, channel]) => channel === 3,
  ),
  seen(
    'average pooling',
    [1, 4, 4, 4],
    [0, 1, 1, 2],
    (x) => averagePool(x, 2),
    ([, row, column, channel]) => row === 0 && column === 0 && channel === 2,
  ),
];

const updates: Check[] = [Infinity, 0.25].map((bound) =>
  check(`the update of an optimiser, bound ${bound}`, async () => {
    const row = {...sgd, rate: 0.5, bound};
    const updated: Tensor[] = [];
    const [value, gradient] = [tf.fill([special.length], 0.125), tf.tensor1d(special)];
    const item = {value, gradient, averages: {}, set: 0, decays: false, bounded: bound !== Infinity};
    const coefficients = tf.tensor2d([coefficientNames.map((name) => row[name])]);
    tf.tidy(() => updateAll([item], coefficients, (one) => updated.push(tf.keep(tf.clone(one.value)))));
    const got = await read(updated[0]!);
    updated[0]!.dispose();
    special.forEach((slope, i) => {
      const wanted = Math.min(Math.max(0.125 - 0.5 * slope, -bound), bound);
      demand(
        isClose(got[i]!, wanted, tolerances.rounded.values),
        `of a gradient of ${slope} it is ${got[i]}, wanted ${wanted}`,
      );
    });
  }),
);

const clipping: Check = check('clipping the norm of gradients', async () => {
  for (const [value, length, ordinary] of [
    [NaN, NaN, NaN],
    [Infinity, Infinity, 0],
  ] as const) {
    const [norm, first, second] = await Promise.all(
      tf
        .tidy(() => {
          const gradients = [tf.tensor1d([1, value, 2]), tf.tensor2d([[3, 4]])];
          const {length: before, clipped} = clipByGlobalNorm(gradients, tf.scalar(1));
          return [before, ...clipped];
        })
        .map(read),
    );
    const wanted = [[length], [ordinary, NaN, ordinary], [ordinary, ordinary]];
    [norm!, first!, second!].forEach((got, i) =>
      demand(
        got.length === wanted[i]!.length && got.every((one, k) => isClose(one, wanted[i]![k]!, 0)),
        `with ${value} among the gradients, result ${i} is ${got.join(', ')}, wanted ${wanted[i]!.join(', ')}`,
      ),
    );
  }
});

export const specialNumbers: Check[] = [
  ...functions,
  ...ofTwo,
  ...reductions,
  moves,
  ...products,
  ...updates,
  clipping,
];
