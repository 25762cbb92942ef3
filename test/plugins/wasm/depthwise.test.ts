import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor, type Tensor4D} from '../../../dist/backends/tf.js';
import {expectSame, forAll, random, run, withDevice} from './support.js';

const size = fc.integer({min: 1, max: 8});
const convolutions = fc.record({
  batch: fc.integer({min: 1, max: 2}),
  height: size,
  width: size,
  channels: fc.integer({min: 1, max: 9}),
  multiplier: fc.integer({min: 1, max: 3}),
  filter: fc.tuple(fc.integer({min: 1, max: 4}), fc.integer({min: 1, max: 4})),
  strides: fc.integer({min: 1, max: 3}),
  pad: fc.constantFrom<number | 'same' | 'valid'>('same', 'valid', 1),
  seed: fc.nat(1000),
});

describe('wasm: gradients of depthwise convolution', function () {
  this.timeout(300_000);
  withDevice();

  it('agree with the cpu backend', () =>
    forAll(convolutions, async (c) => {
      const inputShape: [number, number, number, number] = [c.batch, c.height, c.width, c.channels];
      const filterShape: [number, number, number, number] = [...c.filter, c.channels, c.multiplier];
      const dimRoundingMode = c.pad === 1 ? 'floor' : undefined;
      // The cpu backend ignores dilations here.
      const attrs = {strides: [c.strides, c.strides], dilations: [1, 1], pad: c.pad, dimRoundingMode};
      const {outShape} = tf.backend_util.computeConv2DInfo(
        inputShape,
        filterShape,
        c.strides,
        1,
        c.pad,
        dimRoundingMode,
        true,
      );
      fc.pre(outShape.every((length) => length > 0));
      await expectSame(() => [
        run(
          'DepthwiseConv2dNativeBackpropFilter',
          {x: random(inputShape, c.seed), dy: random(outShape, c.seed + 1)},
          {...attrs, filterShape},
        ),
        run(
          'DepthwiseConv2dNativeBackpropInput',
          {dy: random(outShape, c.seed + 1), filter: random(filterShape, c.seed + 2)},
          {...attrs, inputShape},
        ),
      ]);
    }));

  it('are the adjoints of the forward pass, dilations included', () =>
    tf.tidy(() => {
      const inputShape: [number, number, number, number] = [2, 9, 8, 3];
      const filterShape: [number, number, number, number] = [3, 2, 3, 2];
      const dilations: [number, number] = [2, 3];
      const x = random(inputShape, 1) as Tensor4D;
      const filter = random(filterShape, 2) as Tensor4D;
      const y = tf.depthwiseConv2d(x, filter, 1, 'same', 'NHWC', dilations);
      const dy = random(y.shape, 3);
      const attrs = {strides: [1, 1], dilations, pad: 'same'};
      const dFilter = run('DepthwiseConv2dNativeBackpropFilter', {x, dy}, {...attrs, filterShape});
      const dx = run('DepthwiseConv2dNativeBackpropInput', {dy, filter}, {...attrs, inputShape});
      const dot = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0] ?? NaN;
      // Sums of some 800 products below 1.
      expect(dot(filter, dFilter)).to.be.closeTo(dot(y, dy), 1e-3);
      expect(dot(x, dx)).to.be.closeTo(dot(y, dy), 1e-3);
    }));
});
