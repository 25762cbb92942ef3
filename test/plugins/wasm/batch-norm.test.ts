import {expect} from 'chai';
import fc from 'fast-check';
import {batchNorm, batchNormGradient} from '../../../dist/backends/fused/batch-norm.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {expectClose, expectSame, forAll, makeBackend, on, random, withDevice} from './support.js';

const cases = fc.record({
  // With a handful of rows the gradient is a difference of nearly equal numbers.
  rows: fc.oneof(
    {weight: 20, arbitrary: fc.integer({min: 10, max: 40})},
    {weight: 1, arbitrary: fc.constantFrom(1000, 5000)},
  ),
  channels: fc.constantFrom(4, 8, 12, 20, 64),
  slope: fc.constantFrom(0, 0.2, 1),
  offset: fc.constantFrom(0, 0.5),
  seed: fc.nat(1000),
});
type Case = Record<'rows' | 'channels' | 'slope' | 'offset' | 'seed', number>;

const eps = 1e-5;
const input = ({rows, channels, offset, seed}: Case): Tensor => tf.add(random([rows, channels], seed), offset);
const weight = ({channels, seed}: Case): Tensor => tf.add(random([channels], seed + 1), 1.5);
const bias = ({channels, seed}: Case): Tensor => random([channels], seed + 2);

/** The result and the gradients of x, weight and bias, of the sum of the result times given numbers. */
function everything(c: Case): Tensor[] {
  const factors = random([c.rows, c.channels], c.seed + 3);
  const inputs = [input(c), weight(c), bias(c)];
  const {y, mean, variance} = batchNorm(inputs[0]!, inputs[1]!, inputs[2]!, {eps, slope: c.slope});
  const gradients = tf.grads((x, w, b) => tf.sum(tf.mul(batchNorm(x!, w!, b!, {eps, slope: c.slope}).y, factors)))(
    inputs,
  );
  return [y, mean, variance, ...gradients];
}

describe('wasm: batch norm with its activation', function () {
  this.timeout(300_000);

  describe('kernels', () => {
    withDevice();

    it('run where the channels are whole vectors', () => {
      expect(tf.getKernel('TrainBatchNorm', 'wasm')).to.not.equal(undefined);
    });

    it('agree with the composition on the cpu backend, gradients included', () =>
      forAll(cases, async (c) => {
        // Beside a kink of the activation, rounding decides about the slope.
        const near = tf.tidy(
          () => tf.min(tf.abs(batchNorm(input(c), weight(c), bias(c), {eps, slope: 1}).y)).dataSync()[0]!,
        );
        fc.pre(near >= 1e-5 || c.slope === 1);
        await expectSame(() => everything(c));
      }));

    it('have the gradient that the composition of the gradient gives', async () => {
      const c: Case = {rows: 50, channels: 8, slope: 0.2, offset: 1, seed: 5};
      const dy = () => random([50, 8], 9);
      const composed = await on('wasm', () => batchNormGradient(input(c), weight(c), bias(c), dy(), {eps, slope: 0.2}));
      const fused = await on('wasm', () =>
        tf.grads((x, w, b) => batchNorm(x!, w!, b!, {eps, slope: 0.2}).y)([input(c), weight(c), bias(c)], dy()),
      );
      fused.forEach(({values}, i) => expectClose(values, composed[i]!.values, `gradient ${i}`));
    });

    it('have second derivatives, those of the composition', async () => {
      const c: Case = {rows: 12, channels: 8, slope: 0, offset: 0, seed: 3};
      const penalty = (): Tensor => {
        const slopes = (x: Tensor): Tensor =>
          tf.grad((image) => tf.sum(tf.square(batchNorm(image, weight(c), bias(c), {eps, slope: c.slope}).y)))(x);
        return tf.grad((x) => tf.sum(tf.square(tf.add(slopes(x), 0.1))))(input(c));
      };
      await expectSame(penalty);
    });

    it('keep their precision far from zero, where the mean of squares minus the square of the mean loses it', () => {
      const c: Case = {rows: 20_000, channels: 4, slope: 1, offset: 500, seed: 4};
      const [x, variance] = tf.tidy(() => {
        const values = input(c);
        return [values.dataSync(), batchNorm(values, weight(c), bias(c), {eps, slope: 1}).variance.dataSync()];
      });
      const column = Array.from({length: c.rows}, (_, i) => x[4 * i]!);
      const mean = column.reduce((a, b) => a + b, 0) / c.rows;
      expect(variance[0]).to.be.closeTo(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / c.rows, 1e-5);
    });

    it('take other numbers of channels by the composition', () =>
      expectSame(() => everything({rows: 20, channels: 7, slope: 0, offset: 0, seed: 1})));
  });

  it('is the same to the last bit for any number of threads', async () => {
    const results: number[][][] = [];
    for (const threads of [1, 2, 5]) {
      const device = await makeBackend({threads, relaxedSimd: true}).open();
      const got = await on('wasm', () => everything({rows: 9000, channels: 24, slope: 0.2, offset: 0, seed: 7}));
      results.push(got.map(({values}) => values));
      await device.close?.();
    }
    expect(results[1]).to.deep.equal(results[0]);
    expect(results[2]).to.deep.equal(results[0]);
  });
});
