/** What the tests of the wasm plug-in share: an open device, random tensors, comparison with tfjs-backend-cpu. */
import type {NamedAttrMap} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import fc from 'fast-check';
import {GanError} from '../../../dist/errors.js';
import {systemLimits} from '../../../dist/system-limits.js';
import type {Gan, OpenedDevice} from '../../../dist/plugin/index.js';
import {opt} from '../../../dist/options/options.js';
import {registerKernels} from '../../../dist/backends/kernels.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {Rng} from '../../../dist/gan/rng.js';
import plugin from '../../../plugins/wasm/src/index.js';
import {fastKernels} from './fast-cpu.js';

/** The part of the plug-in API that a backend uses. */
const gan = {
  tf,
  opt,
  GanError,
  kernels: {register: registerKernels},
  backend: (definition: unknown) => definition,
} as unknown as Gan;

export const makeBackend = (
  options: {threads: number | undefined; relaxedSimd: boolean; wideSimd?: boolean},
  limits = systemLimits,
) => plugin({...gan, limits: () => limits()}).create({wideSimd: options.relaxedSimd, ...options});

/** The device as a user gets it, unless the environment says otherwise: GAN_TEST_THREADS=1, GAN_TEST_RELAXED_SIMD=0. */
export const defaults = {
  threads: process.env['GAN_TEST_THREADS'] ? Number(process.env['GAN_TEST_THREADS']) : undefined,
  relaxedSimd: process.env['GAN_TEST_RELAXED_SIMD'] !== '0',
};
export const backend = makeBackend(defaults);

/** Opens the device before the tests of a suite and closes it after them. */
export function withDevice(): void {
  let device: OpenedDevice;
  before(async () => {
    device = await backend.open();
  });
  after(() => device.close?.());
}

/** Values in [-1, 1), the same for the same shape and seed on every backend. */
export function random(shape: number[], seed: number): Tensor {
  return tf.tensor(new Rng(seed).uniform(tf.util.sizeFromShape(shape), -1, 1), shape, 'float32');
}

/** Runs one kernel of the current backend. */
export function run(name: string, inputs: Record<string, Tensor>, attrs: object = {}): Tensor {
  return tf.engine().runKernel(name, inputs, attrs as NamedAttrMap) as Tensor;
}

/**
 * Runs `compute` on a backend and reads its results. The cpu backend has faster kernels meanwhile, unless `fast` is
 * false.
 */
export async function on(
  name: 'cpu' | 'wasm',
  compute: () => Tensor | Tensor[],
  {fast = true} = {},
): Promise<{shape: number[]; values: number[]}[]> {
  const current = tf.getBackend();
  await tf.setBackend(name);
  const takeBack = name === 'cpu' && fast ? registerKernels('cpu', fastKernels) : undefined;
  try {
    const results = tf.tidy(compute);
    return [results].flat().map((result) => {
      const values = Array.from(result.dataSync());
      result.dispose();
      return {shape: result.shape, values};
    });
  } finally {
    takeBack?.();
    if (current) await tf.setBackend(current);
  }
}

/**
 * Float32 sums of a few thousand products in another order differ by about 1e-6 of the largest result; 1e-5 of it and
 * 1e-4 of each value leave room for that and for nothing else.
 */
export function expectClose(got: number[], wanted: number[], what = ''): void {
  expect(got.length, `${what}: length`).to.equal(wanted.length);
  const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  for (const [i, value] of wanted.entries()) {
    const error = Math.abs((got[i] ?? NaN) - value);
    if (!(error <= 1e-4 * Math.abs(value) + 1e-5 * largest)) {
      expect.fail(`${what}: element ${i} is ${got[i]}, wanted ${value} (largest ${largest})`);
    }
  }
}

/** Both backends compute the same. */
export async function expectSame(compute: () => Tensor | Tensor[]): Promise<void> {
  const wanted = await on('cpu', compute);
  const got = await on('wasm', compute);
  expect(got.map(({shape}) => shape)).to.deep.equal(wanted.map(({shape}) => shape));
  for (const [i, {values}] of wanted.entries()) expectClose(got[i]?.values ?? [], values, `result ${i}`);
}

/** Cases of a property; GAN_TEST_CASES=50 is for a second look, with another Node say. */
const cases = Number(process.env['GAN_TEST_CASES'] ?? 500);

/**
 * Checks a property on `numRuns` random cases, those that it refuses with `fc.pre` not counted, and shrinks the one
 * that fails. The seed is fixed so that a run can be repeated.
 */
export async function forAll<T>(
  drawn: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  numRuns = cases,
): Promise<void> {
  await fc.assert(fc.asyncProperty(drawn, property), {numRuns: Math.min(numRuns, cases), seed: 20240229});
}
