import {expect} from 'chai';
import {tf, type Scalar, type Tensor, type Tensor4D} from '../../../dist/backends/tf.js';
import {random, withDevice} from './support.js';

/**
 * Compares the derivative of `f` along a random direction with a central difference. The functions here are quadratic
 * at most in each input, so the difference has no error of its own; what is left is float32 rounding of values of a few
 * hundred (1e-5) divided by twice the step.
 */
function expectGradients(f: (...xs: Tensor[]) => Tensor, xs: Tensor[]): void {
  const step = 0.125;
  const weights = random(f(...xs).shape, 99);
  const scalar = (...args: Tensor[]): Scalar => tf.sum(tf.mul(tf.square(f(...args)), weights));
  const gradients = tf.grads(scalar)(xs);
  for (const [i, x] of xs.entries()) {
    const direction = random(x.shape, 100 + i);
    const at = (offset: number) => {
      const moved = tf.add(x, tf.mul(direction, offset));
      return scalar(...xs.map((other, j) => (i === j ? moved : other))).dataSync()[0] ?? NaN;
    };
    const difference = (at(step) - at(-step)) / (2 * step);
    const derivative = tf.sum(tf.mul(gradients[i] as Tensor, direction)).dataSync()[0] ?? NaN;
    expect(derivative, `input ${i}`).to.be.closeTo(difference, 1e-3 * Math.max(1, Math.abs(difference)));
  }
}

describe('wasm: gradients against finite differences', () => {
  withDevice();
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  for (const [stride, pad] of [
    [1, 'same'],
    [2, 1],
    [2, 'valid'],
    [3, 'same'],
  ] as const) {
    const rounding = pad === 1 ? 'floor' : undefined;
    it(`conv2d with stride ${stride} and padding ${pad}`, () =>
      expectGradients(
        (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, pad, 'NHWC', 1, rounding),
        [random([2, 8, 7, 3], 1), random([4, 3, 3, 5], 2)],
      ));
  }

  it('conv2dTranspose', () =>
    expectGradients(
      (x, filter) => tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [2, 8, 8, 5], 2, 1, 'floor'),
      [random([2, 4, 4, 6], 1), random([4, 4, 5, 6], 2)],
    ));

  it('depthwiseConv2d', () =>
    expectGradients(
      (x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 2, 'same'),
      [random([2, 8, 9, 3], 1), random([3, 2, 3, 2], 2)],
    ));

  it('maxPool, away from ties', () =>
    expectGradients(
      // Whole numbers in another order, far apart for the step of the difference.
      (x) => tf.maxPool(tf.mul(x, 0.05) as Tensor4D, 3, 2, 'same'),
      [tf.reshape(tf.tensor1d(Array.from({length: 49}, (_, i) => ((i * 19) % 49) - 60)), [1, 7, 7, 1])],
    ));

  for (const [transposeA, transposeB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    it(`matMul with transposeA=${transposeA}, transposeB=${transposeB}`, () =>
      expectGradients(
        (a, b) => tf.matMul(a, b, transposeA, transposeB),
        [random(transposeA ? [5, 3] : [3, 5], 1), random(transposeB ? [4, 5] : [5, 4], 2)],
      ));
  }
});
