import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from 'gan';
import type {Tensor3D, Tensor4D} from '../../../dist/backends/tf.js';
import {on, random, withWebgpu, type Result} from './support.js';

/** An operation that networks, losses or optimisers use, with inputs of the shapes given. */
type Case = [what: string, shapes: number[][], f: (...xs: Tensor[]) => Tensor];

const image = [2, 8, 7, 3];
const row = [3];
const positive = (x: Tensor): Tensor => tf.add(tf.abs(x), 0.3);

const cases: Case[] = [
  ...(['mul', 'add', 'sub'] as const).flatMap((name): Case[] => [
    [name, [image, image], (a, b) => tf[name](a!, b!)],
    [`${name} of a row`, [image, row], (a, b) => tf[name](a!, b!)],
    [`${name} of a number`, [image, []], (a, b) => tf[name](a!, b!)],
    [`${name} on a column`, [[5, 1], [1, 4]], (a, b) => tf[name](a!, b!)],
  ]),
  ['div', [image, row], (a, b) => tf.div(a!, positive(b!))],
  ['maximum', [image, image], (a, b) => tf.maximum(a!, b!)],
  ...(['mean', 'sum'] as const).flatMap((name): Case[] => [
    [`${name} of all`, [image], (x) => tf[name](x!)],
    [`${name} over positions`, [image], (x) => tf[name](x!, [0, 1, 2])],
    [`${name} over the last axis`, [image], (x) => tf[name](x!, -1, true)],
    [`${name} over many rows`, [[3000, 4]], (x) => tf[name](x!, 0)],
  ]),
  ['square', [image], (x) => tf.square(x!)],
  ['sqrt', [image], (x) => tf.sqrt(positive(x!))],
  ['rsqrt', [image], (x) => tf.rsqrt(positive(x!))],
  ['abs', [image], (x) => tf.abs(x!)],
  ['neg', [image], (x) => tf.neg(x!)],
  ['relu', [image], (x) => tf.relu(x!)],
  ['relu6', [image], (x) => tf.relu6(tf.mul(x!, 9))],
  ['leakyRelu', [image], (x) => tf.leakyRelu(x!, 0.2)],
  ['sigmoid', [image], (x) => tf.sigmoid(tf.mul(x!, 8))],
  ['tanh', [image], (x) => tf.tanh(tf.mul(x!, 4))],
  ['tanh far out', [[4]], (x) => tf.tanh(tf.mul(tf.sign(x!), 120))],
  ['softplus', [image], (x) => tf.softplus(tf.mul(x!, 20))],
  ['softmax', [[5, 9]], (x) => tf.softmax(x!)],
  ['clipByValue', [image], (x) => tf.clipByValue(x!, -0.5, 0.25)],
  ['reshape', [image], (x) => tf.reshape(x!, [2, -1])],
  ['transpose', [image], (x) => tf.transpose(x!, [3, 0, 2, 1])],
  ['expandDims and squeeze', [[4, 3]], (x) => tf.squeeze(tf.mul(tf.expandDims(x!, 1), 2), [1])],
  ['broadcastTo', [[1, 3]], (x) => tf.broadcastTo(x!, [4, 3])],
  ['tile', [[2, 3]], (x) => tf.tile(x!, [2, 2])],
  ['concat', [[2, 3, 3, 2], [2, 3, 3, 1]], (a, b) => tf.concat([a!, b!], -1)],
  ['concat of 14', [[14, 3]], (x) => tf.concat(tf.split(x!, 14, 0).reverse(), 0)],
  ['stack and unstack', [[3, 4], [3, 4]], (a, b) => tf.addN(tf.unstack(tf.stack([a!, b!], 1), 0))],
  ['addN of 20', [[20, 3]], (x) => tf.addN(tf.unstack(x!))],
  ['split', [[2, 6]], (x) => tf.sub(...(tf.split(x!, 2, 1) as [Tensor, Tensor]))],
  ['slice', [image], (x) => tf.slice(x!, [0, 1, 2, 0], [2, 3, 4, 2])],
  ['reverse', [[3, 4]], (x) => tf.reverse(x!, 0)],
  ['pad', [image], (x) => tf.pad(x!, [[0, 0], [1, 2], [0, 1], [0, 0]])],
  ['gather', [[5, 3]], (x) => tf.gather(x!, tf.tensor1d([4, 0, 4], 'int32'))],
  ...([[false, false], [true, false], [false, true], [true, true]] as const).map(([ta, tb]): Case =>
    [`matMul ${ta} ${tb}`, [ta ? [5, 7] : [7, 5], tb ? [6, 5] : [5, 6]], (a, b) => tf.matMul(a!, b!, ta, tb)]),
  ['matMul in batches', [[2, 9, 4], [2, 4, 9]], (a, b) => tf.matMul(a!, b!)],
  ['matMul of one long row', [[1, 600], [600, 1]], (a, b) => tf.matMul(a!, b!)],
  ['matMul 64', [[64, 64], [64, 64]], (a, b) => tf.matMul(a!, b!)],
  ...([[1, 1, 3], [2, 1, 4], [1, 0, 4], [2, 0, 3], [1, 0, 1], [3, 1, 4]] as const).flatMap(([stride, pad, size]): Case[] => [[3, 5], [4, 8], [1, 1]].map(([depth, out]): Case =>
    [`conv2d ${size}x${size} ${depth} to ${out}, stride ${stride}, padding ${pad}`, [[2, 8, 7, depth!], [size, size, depth!, out!]], (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, pad, 'NHWC', 1, 'floor')])),
  ...[[3, 5], [8, 4], [1, 1]].map(([depth, out]): Case =>
    [`conv2dTranspose ${depth} to ${out}`, [[2, 4, 4, depth!], [4, 4, out!, depth!]], (x, filter) => tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [2, 8, 8, out!], 2, 1, 'floor')]),
  ['conv2dTranspose of one position', [[2, 1, 1, 6], [4, 4, 8, 6]], (x, filter) => tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [2, 4, 4, 8], 1, 0)],
  ['conv1d', [[2, 9, 3], [1, 3, 4]], (x, filter) => tf.conv1d(x as Tensor3D, filter as Tensor3D, 1, 'same')],
  ['depthwiseConv2d', [[2, 8, 9, 3], [3, 3, 3, 1]], (x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'same')],
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
      if (!(Math.abs(one - value) <= 1e-5 * largest + 1e-5 * Math.abs(value))) expect.fail(`result ${i}: element ${j} is ${one}, wanted ${value} (the largest is ${largest})`);
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

  it('comparisons, casts, choices', async () => {
    const compute = () => {
      const [a, b] = [random(image, 1), random(row, 2)];
      const larger = tf.greater(a, b);
      return [tf.cast(larger, 'float32'), tf.where(larger, a, tf.zerosLike(a)), tf.cast(tf.equal(a, a), 'int32'), tf.onesLike(a), tf.fill([2, 3], 0.1), tf.clone(a)];
    };
    expectSame(await on('webgpu', compute), await on('cpu', compute));
  });
});
