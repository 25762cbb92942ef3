import {expect} from 'chai';
import fc from 'fast-check';
import {tf} from '../../../dist/backends/tf.js';
import {expectSame, forAll, random, withDevice} from './support.js';

/** Shapes around the 4 and 16 columns that are added up together, and the 128 rows of a partial sum. */
const shapes = fc.array(fc.constantFrom(1, 2, 3, 4, 5, 16, 19), {minLength: 1, maxLength: 4});
const reductions = shapes.chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc.subarray(shape.map((_, axis) => axis)),
    keepDims: fc.boolean(),
    seed: fc.nat(1000),
  }),
);

describe('wasm: Sum and Mean', function () {
  this.timeout(300_000);
  withDevice();

  it('agree with the cpu backend over any axes', () =>
    forAll(reductions, ({shape, axes, keepDims, seed}) =>
      expectSame(() => [tf.sum(random(shape, seed), axes, keepDims), tf.mean(random(shape, seed), axes, keepDims)]),
    ));

  it('keep the rounding error of long sums small', () => {
    // Added one by one in float32, a million times 0.1 gives 100958.
    const sums = tf.tidy(() => [
      ...tf.sum(tf.fill([1_000_000], 0.1)).dataSync(),
      ...tf.sum(tf.fill([1_000_000, 2], 0.1), 0).dataSync(),
      ...tf.sum(tf.fill([1_000_000, 16], 0.1), 0).dataSync(),
    ]);
    for (const sum of sums) expect(sum).to.be.closeTo(100_000, 10);
  });

  it('leave whole numbers to the stock kernel', () =>
    expectSame(() =>
      tf.sum(
        tf.tensor(
          [
            [1, 2],
            [3, 4],
          ],
          [2, 2],
          'int32',
        ),
        0,
      ),
    ));
});
