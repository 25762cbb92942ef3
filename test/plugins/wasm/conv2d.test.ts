import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor4D} from '../../../dist/backends/tf.js';
import {expectSame, forAll, random, run, withDevice} from './support.js';

type Pad = number | 'same' | 'valid' | [[0, 0], [number, number], [number, number], [0, 0]];

/** A convolution whose filter fits the padded image. Channels favour the edges of 4 x 8 tiles. */
const channels = fc.oneof(fc.integer({min: 1, max: 9}), fc.constantFrom(12, 16, 17, 33));
const edge = fc.integer({min: 0, max: 2});
const convolutions = fc.record({
  batch: fc.integer({min: 1, max: 3}),
  height: fc.integer({min: 1, max: 11}),
  width: fc.integer({min: 1, max: 11}),
  inChannels: channels,
  outChannels: channels,
  filterHeight: fc.integer({min: 1, max: 5}),
  filterWidth: fc.integer({min: 1, max: 5}),
  strides: fc.tuple(fc.integer({min: 1, max: 3}), fc.integer({min: 1, max: 3})),
  pad: fc.oneof(
    fc.constantFrom<Pad>('same', 'valid', 0, 1, 2),
    fc.tuple(edge, edge, edge, edge).map(([t, b, l, r]): Pad => [
      [0, 0],
      [t, b],
      [l, r],
      [0, 0],
    ]),
  ),
  seed: fc.nat(1000),
});
type Convolution = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

/** Sizes and attributes of a convolution; a filter that does not fit is no case. */
function prepare(c: Convolution, dilations: [number, number] = [1, 1]) {
  const inShape: [number, number, number, number] = [c.batch, c.height, c.width, c.inChannels];
  const filterShape: [number, number, number, number] = [c.filterHeight, c.filterWidth, c.inChannels, c.outChannels];
  const dimRoundingMode = typeof c.pad === 'string' ? undefined : 'floor';
  const info = tf.backend_util.computeConv2DInfo(inShape, filterShape, c.strides, dilations, c.pad, dimRoundingMode);
  fc.pre(info.outHeight > 0 && info.outWidth > 0);
  const attrs = {strides: c.strides, pad: c.pad, dataFormat: 'NHWC', dimRoundingMode};
  return {inShape, filterShape, outShape: info.outShape, attrs};
}

type Prepared = ReturnType<typeof prepare>;
const expectForward = ({inShape, filterShape, attrs}: Prepared, seed: number, dilations: [number, number] = [1, 1]) =>
  expectSame(() =>
    run('Conv2D', {x: random(inShape, seed), filter: random(filterShape, seed + 1)}, {...attrs, dilations}),
  );
const expectFilterGradient = ({inShape, filterShape, outShape, attrs}: Prepared, seed: number) =>
  expectSame(() =>
    run('Conv2DBackpropFilter', {x: random(inShape, seed), dy: random(outShape, seed + 1)}, {...attrs, filterShape}),
  );
const expectInputGradient = ({inShape, filterShape, outShape, attrs}: Prepared, seed: number) =>
  expectSame(() =>
    run(
      'Conv2DBackpropInput',
      {dy: random(outShape, seed), filter: random(filterShape, seed + 1)},
      {...attrs, inputShape: inShape},
    ),
  );

describe('wasm: convolution', function () {
  this.timeout(300_000);
  withDevice();

  it('has the forward pass of the cpu backend', () => forAll(convolutions, (c) => expectForward(prepare(c), c.seed)));

  it('has the forward pass of the cpu backend with dilations', () => {
    const dilation = fc.integer({min: 1, max: 3});
    return forAll(fc.tuple(convolutions, fc.tuple(dilation, dilation)), ([c, dilations]) =>
      expectForward(prepare({...c, strides: [1, 1]}, dilations), c.seed, dilations),
    );
  });

  it('has the filter gradient of the cpu backend', () =>
    forAll(convolutions, (c) => expectFilterGradient(prepare(c), c.seed)));

  it('has the input gradient of the cpu backend', () =>
    forAll(convolutions, (c) => expectInputGradient(prepare(c), c.seed)));

  // Blocks are 128 rows, 512 columns and 256 deep: each of these has a whole one and a remainder somewhere.
  for (const [height, width, inChannels, outChannels] of [
    [10, 13, 257, 517],
    [10, 13, 517, 257],
    [17, 17, 131, 20],
  ] as const) {
    it(`is right where blocks end: ${height} x ${width} pixels, ${inChannels} to ${outChannels} channels`, async () => {
      const conv = prepare({
        batch: 1,
        height,
        width,
        inChannels,
        outChannels,
        filterHeight: 1,
        filterWidth: 1,
        strides: [1, 1],
        pad: 0,
        seed: 0,
      });
      await expectForward(conv, 1);
      await expectFilterGradient(conv, 1);
      await expectInputGradient(conv, 1);
    });
  }

  it('is the same to the last bit from run to run', () => {
    const compute = () =>
      tf.tidy(() => {
        const x = random([4, 9, 9, 33], 1);
        const y = run(
          'Conv2D',
          {x, filter: random([4, 4, 33, 20], 2)},
          {strides: 2, pad: 1, dataFormat: 'NHWC', dilations: 1, dimRoundingMode: 'floor'},
        );
        return run(
          'Conv2DBackpropFilter',
          {x, dy: y},
          {strides: 2, pad: 1, dataFormat: 'NHWC', dimRoundingMode: 'floor', filterShape: [4, 4, 33, 20]},
        ).dataSync();
      });
    expect(compute()).to.deep.equal(compute());
  });

  it('sees a filter that was written in place', () => {
    // XNNPACK, which the stock kernel uses, keeps packed filters by tensor and does not.
    const filter = tf.fill([1, 1, 1, 1], 2) as Tensor4D;
    const x = tf.ones([1, 1, 1, 1]) as Tensor4D;
    const convolved = () => tf.tidy(() => tf.conv2d(x, filter, 1, 'valid').dataSync()[0]);
    expect(convolved()).to.equal(2);
    (tf.backend() as BackendWasm).typedArrayFromHeap(filter).fill(3);
    expect(convolved()).to.equal(3);
    tf.dispose([filter, x]);
  });

  it('refuses NCHW with a reason', () => {
    expect(() =>
      tf.tidy(() =>
        tf.conv2d(random([1, 2, 4, 4], 1) as Tensor4D, random([1, 1, 2, 2], 2) as Tensor4D, 1, 'valid', 'NCHW'),
      ),
    ).to.throw(/Conv2D on wasm: dataFormat 'NCHW' is not supported/);
  });
});
