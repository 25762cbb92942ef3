import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {openBackend, tf, type Device, type Tensor} from 'gankit';
import type {Tensor4D} from '../../../dist/backends/tf.js';
import {probe} from '../../../plugins/webgpu/src/probe.js';
import {needsAdapter, on, plugin, random, software, withWebgpu, type Result} from './support.js';

type Pair = [number, number];
interface Case {
  what: string;
  x: [number, number, number, number];
  filter: [number, number, number, number];
  strides?: Pair;
  pad?: 'same' | 'valid' | [Pair, Pair, Pair, Pair];
  dilations?: number;
}

const ones: Case['pad'] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/** Channels in fours and not, few and many, sums of one tile and of several workgroups, and all kinds of borders. */
const cases: Case[] = [
  {what: '4x4, stride 2, channels in fours', x: [2, 8, 8, 8], filter: [4, 4, 8, 20], strides: [2, 2], pad: ones},
  {what: '3x3, many columns', x: [1, 5, 6, 4], filter: [3, 3, 4, 72], pad: 'same'},
  {what: 'of pictures, many rows', x: [3, 11, 13, 3], filter: [3, 3, 3, 18], pad: 'same'},
  {what: 'to pictures', x: [2, 9, 7, 20], filter: [4, 4, 20, 3], strides: [2, 2], pad: 'same'},
  {what: '1x1', x: [2, 3, 5, 12], filter: [1, 1, 12, 4], pad: 'valid'},
  {what: 'to one number', x: [5, 4, 4, 40], filter: [4, 4, 40, 1], pad: 'valid'},
  {what: 'a sum over several workgroups', x: [2, 4, 4, 128], filter: [3, 3, 128, 8], pad: 'same'},
  {what: 'a gradient over many pixels', x: [4, 20, 20, 4], filter: [1, 1, 4, 4], pad: 'same'},
  {what: 'pixels that no tap sees', x: [2, 8, 9, 4], filter: [2, 1, 4, 8], strides: [3, 2], pad: 'valid'},
  {
    what: 'uneven padding and strides',
    x: [2, 7, 6, 3],
    filter: [3, 2, 3, 5],
    strides: [1, 3],
    pad: [
      [0, 0],
      [2, 1],
      [0, 1],
      [0, 0],
    ],
  },
  {what: 'taps apart', x: [2, 9, 8, 4], filter: [3, 3, 4, 8], pad: 'same', dilations: 2},
  {what: 'of one pixel', x: [1, 1, 1, 1], filter: [1, 1, 1, 1]},
];

/** The convolution and, but for taps that are apart, its gradients. `scale` is of the gradients that come back. */
function all({x, filter, strides = [1, 1], pad = 'same', dilations = 1}: Case, scale: number): Tensor[] {
  const [images, weights] = [random(x, 1) as Tensor4D, random(filter, 2) as Tensor4D];
  const y = tf.conv2d(images, weights, strides, pad, 'NHWC', dilations);
  if (dilations > 1) return [y];
  const dy = tf.mul(random(y.shape, 3), scale);
  const attrs = {strides, pad, dataFormat: 'NHWC'};
  const run = (name: string, inputs: Record<string, Tensor>, more: object): Tensor =>
    tf.engine().runKernel(name, inputs, {...attrs, ...more});
  return [
    y,
    run('Conv2DBackpropInput', {dy, filter: weights}, {inputShape: x}),
    run('Conv2DBackpropFilter', {x: images, dy}, {filterShape: filter}),
  ];
}

/** The largest distance of two results, as a share of the largest number. */
function distance({values}: Result, wanted: Result): number {
  const largest = Math.max(...wanted.values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - wanted.values[i]!))) / (largest || 1);
}

async function compare(one: Case, scale: number, bound: number): Promise<void> {
  const [here, cpu] = [await on('webgpu', () => all(one, scale)), await on('cpu', () => all(one, scale))];
  expect(here.map(({shape}) => shape)).to.deep.equal(cpu.map(({shape}) => shape));
  here.forEach((result, i) => expect(distance(result, cpu[i]!), `result ${i}`).to.be.below(bound));
}

describe('webgpu: convolutions in float32', () => {
  withWebgpu();
  for (const one of cases) it(one.what, () => compare(one, 1, 1e-5));
});

/** Skips without an adapter that has float16, as SwiftShader and the Mesa of Debian 12; that of Debian 13 has it. */
describe('webgpu: convolutions with factors in float16', () => {
  needsAdapter();
  const options = {software: true, precision: 'fp16'};
  let device: Device | undefined;
  before(async function () {
    const found = await probe({...software, precision: 'fp16'});
    if (found.ok) {
      device = await openBackend('webgpu', {plugins: [plugin], options});
      return;
    }
    expect(found.why).to.match(/has no float16/);
    process.stdout.write(`    skipped: ${found.why}\n`);
    this.skip();
  });
  after(() => device?.close());

  // 11 bits of each factor and of a sum of 16 products
  for (const one of cases) it(one.what, () => compare(one, 1, 5e-3));
  it('gradients far below the smallest number of float16', () => compare(cases[0]!, 1e-12, 5e-3));
  it('numbers far above the largest one', () => compare(cases[0]!, 1e12, 5e-3));
  it('factors of zeros', () => compare(cases[0]!, 0, 5e-3));
  it('infinity and NaN stay visible', async () => {
    for (const broken of [Infinity, NaN]) {
      const [y] = await on('webgpu', () => [
        tf.conv2d(tf.fill([1, 2, 2, 4], broken) as Tensor4D, tf.ones([1, 1, 4, 4]) as Tensor4D, 1, 'same'),
      ]);
      for (const value of y!.values) expect(value).to.satisfy((number: number) => !Number.isFinite(number));
    }
  });
});

describe('webgpu: float16 on an adapter without it', () => {
  needsAdapter();
  it('is refused, with the way out', async function () {
    const found = await probe({...software, precision: 'fp16'});
    if (found.ok) return this.skip();
    expect(found.why).to.match(/has no float16 \(the feature shader-f16 of WebGPU\)/);
    expect(found.fix).to.contain('--precision fp32');
  });
});
