import {expect} from 'chai';
import type {Tensor} from '../../../dist/backends/tf.js';
import {expectClose, on, random, run} from './support.js';

const convolutions = [
  {x: [2, 7, 6, 3], filter: [3, 2, 3, 5], strides: [2, 1], pad: 1},
  {x: [1, 9, 9, 4], filter: [4, 4, 4, 2], strides: [2, 2], pad: 'same'},
  {x: [3, 5, 5, 1], filter: [2, 2, 1, 1], strides: [1, 3], pad: 'valid'},
  {x: [2, 6, 5, 2], filter: [3, 3, 2, 3], strides: [1, 1], pad: [[0, 0], [2, 0], [1, 3], [0, 0]]}, // prettier-ignore
] as const;
const matrices = [
  {a: [4, 5], b: [5, 3], transposeA: false, transposeB: false},
  {a: [2, 5, 4], b: [2, 3, 5], transposeA: true, transposeB: true},
  {a: [3, 4, 5], b: [1, 5, 2], transposeA: false, transposeB: false},
  {a: [1, 4, 5], b: [2, 2, 5], transposeA: false, transposeB: true},
];

describe('the reference of the wasm tests', () => {
  const compare = async (compute: () => Tensor[]): Promise<void> => {
    const [fast, own] = [await on('cpu', compute), await on('cpu', compute, {fast: false})];
    expect(fast.map(({shape}) => shape)).to.deep.equal(own.map(({shape}) => shape));
    fast.forEach(({values}, i) => expectClose(values, own[i]!.values));
  };

  for (const {x, filter, strides, pad} of convolutions)
    it(`convolves as tfjs-backend-cpu does: ${x.join()} by ${filter.join()}, and its gradients`, () =>
      compare(() => {
        const attrs = {
          strides,
          pad,
          dataFormat: 'NHWC',
          dimRoundingMode: typeof pad === 'string' ? undefined : 'floor',
        };
        const [image, taps] = [random([...x], 1), random([...filter], 2)];
        const y = run('Conv2D', {x: image, filter: taps}, {...attrs, dilations: 1});
        const dy = random(y.shape, 3);
        return [
          y,
          run('Conv2DBackpropFilter', {x: image, dy}, {...attrs, filterShape: filter}),
          run('Conv2DBackpropInput', {dy, filter: taps}, {...attrs, inputShape: x}),
        ];
      }));

  it('convolves with dilations as tfjs-backend-cpu does', () =>
    compare(() => [
      run(
        'Conv2D',
        {x: random([2, 9, 8, 3], 1), filter: random([3, 2, 3, 4], 2)},
        {strides: 1, pad: 2, dataFormat: 'NHWC', dimRoundingMode: 'floor', dilations: [2, 3]},
      ),
    ]));

  for (const {a, b, transposeA, transposeB} of matrices)
    it(`multiplies as tfjs-backend-cpu does: ${a.join()} by ${b.join()}`, () =>
      compare(() => [run('BatchMatMul', {a: random(a, 1), b: random(b, 2)}, {transposeA, transposeB})]));
});
