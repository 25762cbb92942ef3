/** Values that change, are kept, read at the same time, or have another type. */
import {conv} from '../../../backends/fused/conv.js';
import {noGrad} from '../../../backends/fused/no-grad.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import {Rng} from '../../../gan/rng.js';
import {compareArrays, type Deviation} from '../../golden/compare.js';
import {demand, type Check, type Session} from '../check.js';
import {tolerances} from '../tolerance.js';

/** A check inside an open device, which frees what it leaves. */
function check(title: string, compare: () => Promise<Deviation[]>): Check {
  const run = async (session: Session): Promise<Deviation[]> => {
    await session.device();
    tf.engine().startScope();
    try {
      return await compare();
    } finally {
      tf.engine().endScope();
    }
  };
  return {group: 'state', title, run};
}

const values = (seed: number, shape: number[]): Tensor =>
  tf.tensor(new Rng(seed).uniform(tf.util.sizeFromShape(shape), -1, 1), shape);
const plainConv = {stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1};
const numbers = async (tensor: Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;
const {rounded, sum} = tolerances;

export const state: Check[] = [
  check('a convolution sees a filter that was assigned', async () => {
    // backends that keep a packed copy of a filter must not keep it beyond an assignment
    const x = tf.ones([1, 3, 3, 2]);
    const filter = tf.variable(tf.ones([3, 3, 2, 1]));
    const before = await numbers(conv(x, filter, plainConv));
    filter.assign(tf.fill([3, 3, 2, 1], 2));
    const after = await numbers(conv(x, filter, plainConv));
    filter.dispose();
    return [compareArrays('before', before, [18], sum.values), compareArrays('after', after, [36], sum.values)];
  }),
  check('a matrix product sees a matrix that was assigned', async () => {
    const a = tf.ones([2, 3]);
    const b = tf.variable(tf.ones([3, 1]));
    const before = await numbers(tf.matMul(a, b));
    b.assign(tf.fill([3, 1], -2));
    const after = await numbers(tf.matMul(a, b));
    b.dispose();
    return [compareArrays('before', before, [3, 3], sum.values), compareArrays('after', after, [-6, -6], sum.values)];
  }),
  check('an assigned variable leaves earlier results alone', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const result = tf.mul(variable, 10);
    const copy = tf.clone(variable);
    variable.assign(tf.tensor1d([5, 6]));
    const read = [await numbers(result), await numbers(copy), await numbers(variable)];
    variable.dispose();
    return [
      [10, 20],
      [1, 2],
      [5, 6],
    ].map((wanted, i) => compareArrays(['result', 'copy', 'variable'][i]!, read[i]!, wanted, rounded.values));
  }),
  check('many results are read at the same time', async () => {
    const tensors = Array.from({length: 20}, (_, i) => tf.add(tf.fill([7], i), 0.5));
    const read = await Promise.all(tensors.map(numbers));
    return read.map((data, i) =>
      compareArrays(`result ${i}`, data, new Array<number>(7).fill(i + 0.5), rounded.values),
    );
  }),
  check('a tensor is read twice', async () => {
    const x = tf.mul(values(1, [3, 4]), 2);
    const first = await numbers(x);
    return [compareArrays('second reading', await numbers(x), first, 1e-12)];
  }),
  check('large whole numbers survive the way to the device and back', async () => {
    const wanted = [0, 1, -1, 65_537, -2_000_000_000, 16_777_216];
    const got = await tf.tensor1d(wanted, 'int32').data();
    const kept = await tf.reshape(tf.tensor1d(wanted, 'int32'), [2, 3]).data();
    demand(
      wanted.join() === Array.from(got).join() && wanted.join() === Array.from(kept).join(),
      `int32: ${Array.from(got).join()} and ${Array.from(kept).join()}`,
    );
    return [];
  }),
  check('empty and single tensors', async () => {
    const empty = await numbers(tf.add(tf.tensor2d([], [0, 3]), 1));
    demand(empty.length === 0, `an empty tensor has ${empty.length} values`);
    return [
      compareArrays('a single number', await numbers(tf.add(tf.scalar(1.5), tf.scalar(2))), [3.5], rounded.values),
    ];
  }),
  check('NaN and infinity are seen, not hidden', async () => {
    // a run that diverges has to be noticed: max(NaN, 0) = 0 would hide it
    const x = tf.tensor1d([NaN, Infinity, -Infinity]);
    const sums = await numbers(
      tf.stack([tf.sum(tf.slice1d(x, 0, 1)), tf.mean(x), tf.mul(tf.sum(tf.slice1d(x, 1, 1)), 1)]),
    );
    demand(
      Number.isNaN(sums[0]) && Number.isNaN(sums[1]) && sums[2] === Infinity,
      `sums of NaN, of NaN and infinities, of infinity: ${[...sums].join()}`,
    );
    return [];
  }),
  check('noGrad makes a constant of a result', async () => {
    const x = tf.tensor1d([2, 3]);
    const gradient = tf.grad((v) =>
      tf.sum(
        tf.mul(
          v,
          noGrad(() => tf.square(v)),
        ),
      ),
    )(x);
    return [compareArrays('gradient', await numbers(gradient), [4, 9], rounded.gradients)];
  }),
  check('the same computation gives the same bits', async () => {
    const compute = async (): Promise<Float32Array> => {
      const [x, filter] = [values(2, [4, 9, 9, 5]), values(3, [3, 3, 5, 7])];
      const gradient = tf.grad((f) => tf.mean(tf.tanh(conv(x, f, plainConv))))(filter);
      return numbers(gradient);
    };
    return [compareArrays('second time', await compute(), await compute(), 1e-12)];
  }),
];
