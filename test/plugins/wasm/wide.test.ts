import {expect} from 'chai';
import fc from 'fast-check';
import type {Tensor} from '../../../dist/backends/tf.js';
import {hasWideSimd} from '../../../plugins/wasm/src/module.js';
import {makeBackend, on, random, run} from './support.js';

const channels = fc.constantFrom(16, 32, 48);
const cases = fc.record({
  batch: fc.integer({min: 1, max: 5}),
  height: fc.integer({min: 7, max: 18}),
  width: fc.integer({min: 7, max: 18}),
  inChannels: channels,
  outChannels: channels,
  kind: fc.constantFrom([3, 1], [4, 2], [5, 1], [6, 3]),
  pad: fc.integer({min: 0, max: 2}),
  inner: fc.integer({min: 1, max: 300}),
  slope: fc.constantFrom(0, 0.2, 1),
  seed: fc.nat(1000),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Each kernel that has a wide form of its own. */
function everything({batch, height, width, inChannels, outChannels, kind, pad, inner, slope, seed}: Case): Tensor[] {
  const [side = 1, strides = 1] = kind;
  const filterShape = [side, side, inChannels, outChannels];
  const attrs = {strides, pad, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const x = random([batch, height, width, inChannels], seed);
  const filter = random(filterShape, seed + 1);
  const y = run('Conv2D', {x, filter}, {...attrs, dilations: 1});
  const dy = random(y.shape, seed + 2);
  const [weight, bias] = [random([outChannels], seed + 3), random([outChannels], seed + 4)];
  const [normal, mean, variance] = run('TrainBatchNorm', {x: y, weight, bias}, {eps: 1e-5, slope}) as unknown as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return [
    y,
    normal,
    mean,
    variance,
    ...(run('TrainBatchNormGrad', {x: y, weight, bias, dy, mean, variance}, {eps: 1e-5, slope}) as unknown as Tensor[]),
    run('Conv2DBackpropFilter', {x, dy}, {...attrs, filterShape}),
    run('Conv2DBackpropInput', {dy, filter}, {...attrs, inputShape: x.shape}),
    run(
      'Conv2DBackpropInput',
      {dy, filter: random([side, side, 3, outChannels], seed)},
      {...attrs, inputShape: [batch, height, width, 3]},
    ),
    run(
      'BatchMatMul',
      {a: random([batch, inner], seed), b: random([inner, outChannels + 5], seed)},
      {transposeA: false, transposeB: false},
    ),
  ];
}

describe('wasm: wide vectors', function () {
  this.timeout(300_000);

  it('give the results of narrow ones to the last bit', async function () {
    if (!hasWideSimd()) this.skip(); // Node 24 or later on x64 has them
    const samples = fc.sample(cases, {numRuns: 40, seed: 7});
    const compute = async (wideSimd: boolean): Promise<number[][][]> => {
      const device = await makeBackend({threads: 2, relaxedSimd: true, wideSimd}).open();
      expect(device.info).to.include({wideSimd});
      const results = [];
      for (const sample of samples)
        results.push((await on('wasm', () => everything(sample))).map(({values}) => values));
      await device.close?.();
      return results;
    };
    const wanted = await compute(false);
    (await compute(true)).forEach((got, i) => expect(got, JSON.stringify(samples[i])).to.deep.equal(wanted[i]));
  });
});
