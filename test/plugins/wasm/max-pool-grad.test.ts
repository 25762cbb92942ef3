import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor4D} from '../../../dist/backends/tf.js';
import {expectSame, forAll, random, run, withDevice} from './support.js';

const pools = fc.record({
  shape: fc.tuple(
    fc.integer({min: 1, max: 2}),
    fc.integer({min: 1, max: 9}),
    fc.integer({min: 1, max: 9}),
    fc.integer({min: 1, max: 5}),
  ),
  filterSize: fc.tuple(fc.integer({min: 1, max: 4}), fc.integer({min: 1, max: 4})),
  strides: fc.tuple(fc.integer({min: 1, max: 3}), fc.integer({min: 1, max: 3})),
  pad: fc.constantFrom<number | 'same' | 'valid'>('same', 'valid', 0),
  seed: fc.nat(1000),
});

describe('wasm: MaxPoolGrad', function () {
  this.timeout(300_000);
  withDevice();

  it('agrees with the cpu backend, negative inputs included', () =>
    forAll(pools, async (p) => {
      const dimRoundingMode = typeof p.pad === 'number' ? 'floor' : undefined;
      const {outShape} = tf.backend_util.computePool2DInfo(p.shape, p.filterSize, p.strides, 1, p.pad, dimRoundingMode);
      fc.pre(outShape.every((size) => size > 0));
      const attrs = {filterSize: p.filterSize, strides: p.strides, pad: p.pad, dimRoundingMode};
      await expectSame(() => {
        // Few different values, so that windows have ties, most of them negative.
        const input = tf.div(tf.round(tf.mul(tf.sub(random(p.shape, p.seed), 0.5), 3)), 3);
        return run('MaxPoolGrad', {dy: random(outShape, p.seed + 1), input, output: tf.zeros(outShape)}, attrs);
      });
    }));

  it('sends the gradient of a window of negative numbers to the largest', () => {
    // The stock kernel fails this: remove MaxPoolGrad from the plug-in when it no longer does.
    const gradient = tf.tidy(() => {
      const x = tf.tensor4d([-3, -1, -4, -2], [1, 2, 2, 1]);
      return Array.from(
        tf
          .grad((input) => tf.maxPool(input as Tensor4D, 2, 2, 'valid'))(x)
          .dataSync(),
      );
    });
    expect(gradient).to.deep.equal([0, 1, 0, 0]);
  });
});
