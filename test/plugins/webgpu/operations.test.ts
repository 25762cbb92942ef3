import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import type {Tensor4D} from '../../../dist/backends/tf.js';
import {on, random, withWebgpu, type Result} from './support.js';

/** An operation, with inputs of the shapes given. */
type Case = [what: string, shapes: number[][], f: (...xs: Tensor[]) => Tensor];

const image = [2, 8, 7, 3];

/** What the conformance kit leaves out: many inputs, long sums, more axes, kernels for architectures of others. */
const cases: Case[] = [
  ['mean over many rows', [[3000, 4]], (x) => tf.mean(x!, 0)],
  ['sum over many columns', [[4, 3000]], (x) => tf.sum(x!, 1)],
  ['tanh far out', [[4]], (x) => tf.tanh(tf.mul(tf.sign(x!), 120))],
  ['concat of 14', [[14, 3]], (x) => tf.concat(tf.split(x!, 14, 0).reverse(), 0)],
  ['addN of 20', [[20, 3]], (x) => tf.addN(tf.unstack(x!))],
  ['addN of 40', [[40, 3]], (x) => tf.addN(tf.unstack(x!))],
  [
    'pad of five axes',
    [[2, 3, 2, 4, 2]],
    (x) =>
      tf.pad(
        x!,
        [
          [0, 0],
          [1, 0],
          [0, 2],
          [1, 1],
          [0, 0],
        ],
        0.5,
      ),
  ],
  [
    'pad of five axes by nothing',
    [[2, 1, 2, 1, 2]],
    (x) =>
      tf.pad(x!, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
  ],
  ['tile', [[2, 3]], (x) => tf.tile(x!, [2, 2])],
  ['gather', [[5, 3]], (x) => tf.gather(x!, tf.tensor1d([4, 0, 4], 'int32'))],
  [
    'matMul of one long row',
    [
      [1, 600],
      [600, 1],
    ],
    (a, b) => tf.matMul(a!, b!),
  ],
  [
    'depthwiseConv2d',
    [
      [2, 8, 9, 3],
      [3, 3, 3, 1],
    ],
    (x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'same'),
  ],
  ['avgPool', [image], (x) => tf.avgPool(x as Tensor4D, 2, 2, 'valid')],
  ['maxPool', [image], (x) => tf.maxPool(x as Tensor4D, 3, 2, 'same')],
  ['resizeNearestNeighbor', [[2, 4, 4, 3]], (x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [8, 8])],
  ['resizeBilinear', [[2, 4, 4, 3]], (x) => tf.image.resizeBilinear(x as Tensor4D, [8, 8])],
];

/** What the cpu backend computes otherwise; it is the one that is wrong (test/plugins/wasm has finite differences). */
const wrongOnCpu = new Set(['resizeNearestNeighbor']);

/** Float32 sums in another order: 1e-5 of the largest; functions of a GPU's own (tanh, exp) are exact to some 1e-6. */
function expectSame(got: Result[], wanted: Result[]): void {
  expect(got.map(({shape}) => shape)).to.deep.equal(wanted.map(({shape}) => shape));
  for (const [i, {values}] of wanted.entries()) {
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    for (const [j, value] of values.entries()) {
      const one = got[i]!.values[j]!;
      if (!(Math.abs(one - value) <= 1e-5 * largest + 1e-5 * Math.abs(value)))
        expect.fail(`result ${i}: element ${j} is ${one}, wanted ${value} (the largest is ${largest})`);
    }
  }
}

describe('webgpu: operations and their gradients, as on the cpu backend', () => {
  withWebgpu();

  for (const [what, shapes, f] of cases) {
    it(what, async () => {
      const compute = () => {
        const inputs = shapes.map((shape, i) => random(shape, i + 1));
        const y = f(...inputs);
        if (wrongOnCpu.has(what)) return [y];
        return [y, ...tf.grads((...xs) => f(...xs))(inputs, random(y.shape, 99))];
      };
      expectSame(await on('webgpu', compute), await on('cpu', compute));
    });
  }
});
