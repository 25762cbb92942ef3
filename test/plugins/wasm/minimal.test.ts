import {expect} from 'chai';
import fc from 'fast-check';
import type {Tensor} from '../../../dist/backends/tf.js';
import {forAll, makeBackend, on, random, run} from './support.js';

/** Convolutions that minimal filtering takes. */
const sizes = (sides: {min: number; max: number}, channels: readonly number[]) =>
  fc.record({
    batch: fc.integer({min: 2, max: 3}),
    height: fc.integer(sides),
    width: fc.integer(sides),
    inChannels: fc.constantFrom(...channels),
    outChannels: fc.constantFrom(...channels),
    // Side of the filter and stride: two or three taps for each phase of the stride.
    kind: fc.constantFrom([2, 1], [3, 1], [4, 2], [6, 2], [6, 3]),
    pad: fc.integer({min: 0, max: 2}),
    seed: fc.nat(1000),
  });
const convolutions = fc.oneof(
  {weight: 49, arbitrary: sizes({min: 7, max: 9}, [16, 17])}, // plain JavaScript is slow
  {weight: 1, arbitrary: sizes({min: 7, max: 20}, [16, 24, 32])},
);
type Convolution = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

/** Forward pass and both gradients. */
function everything({batch, height, width, inChannels, outChannels, kind, pad, seed}: Convolution): Tensor[] {
  const [side = 1, strides = 1] = kind;
  const filterShape = [side, side, inChannels, outChannels];
  const attrs = {strides, pad, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const x = random([batch, height, width, inChannels], seed);
  const filter = random(filterShape, seed + 1);
  const y = run('Conv2D', {x, filter}, {...attrs, dilations: 1});
  const dy = random(y.shape, seed + 2);
  return [
    y,
    run('Conv2DBackpropFilter', {x, dy}, {...attrs, filterShape}),
    run('Conv2DBackpropInput', {dy, filter}, {...attrs, inputShape: x.shape}),
  ];
}

/**
 * The transforms of F(4x4, 3x3) multiply rounding errors: up to 1e-5 of the largest result at 64 channels; products of
 * other orders differ by about 1e-6 anyway.
 */
function expectNear(got: number[], wanted: number[], what: string): void {
  expect(got.length).to.equal(wanted.length);
  const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const error = wanted.reduce((max, value, i) => Math.max(max, Math.abs(value - (got[i] ?? NaN))), 0);
  expect(error, what).to.be.at.most(3e-5 * largest);
}

describe('wasm: minimal filtering', function () {
  this.timeout(300_000);

  /** The cases are the same for each device. */
  const wanted = new Map<string, Awaited<ReturnType<typeof on>>>();
  const reference = async (convolution: Convolution) => {
    const key = JSON.stringify(convolution);
    if (!wanted.has(key)) wanted.set(key, await on('cpu', () => everything(convolution)));
    return wanted.get(key)!;
  };

  for (const options of [
    {threads: 1, relaxedSimd: false},
    {threads: 2, relaxedSimd: true},
  ]) {
    it(`gives what the cpu backend gives, with ${JSON.stringify(options)}`, async () => {
      const device = await makeBackend(options).open();
      try {
        await forAll(convolutions, async (convolution) => {
          const expected = await reference(convolution);
          const got = await on('wasm', () => everything(convolution));
          got.forEach(({values}, i) =>
            expectNear(values, expected[i]!.values, ['forward', 'filter gradient', 'input gradient'][i]!),
          );
        });
      } finally {
        await device.close?.();
      }
    });
  }
});
