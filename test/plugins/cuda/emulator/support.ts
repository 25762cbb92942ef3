/** What the tests on the emulator share: the open device, random tensors, the same on tfjs-backend-cpu. */
import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import {Rng} from '../../../../dist/gan/rng.js';
import {emulatorName, noCompiler, openEmulator, type EmulatedDevice} from './index.js';

/** Skips a suite, with the reason, where nothing can be compiled, or not for the system that it needs. */
export function needsCompiler(platform?: NodeJS.Platform): void {
  before(function () {
    const why = noCompiler(platform);
    if (why === undefined) return;
    process.stdout.write(`    skipped: ${why}\n`);
    this.skip();
  });
}

/** Opens the emulator before the tests of a suite and closes it after them. Returns a function that gives it. */
export function withEmulator(): () => EmulatedDevice {
  needsCompiler();
  let device: EmulatedDevice | undefined;
  before(async () => {
    device = await openEmulator();
  });
  after(() => device?.close());
  return () => device!;
}

/** Values in [low, high), the same for the same shape and seed on every backend. */
export function random(shape: number[], seed: number, low = -1, high = 1): Tensor {
  return tf.tensor(new Rng(seed).uniform(tf.util.sizeFromShape(shape), low, high), shape, 'float32');
}

export interface Result {
  shape: number[];
  dtype: string;
  values: number[];
}

/** Runs `compute` on a backend and reads its results. */
export async function on(name: string, compute: () => Tensor | Tensor[]): Promise<Result[]> {
  const current = tf.getBackend();
  await tf.setBackend(name);
  try {
    const tensors = [tf.tidy(compute)].flat();
    const results: Result[] = [];
    for (const tensor of tensors)
      results.push({shape: tensor.shape, dtype: tensor.dtype, values: Array.from(await tensor.data())});
    tf.dispose(tensors);
    return results;
  } finally {
    if (current) await tf.setBackend(current);
  }
}

/**
 * Float32 rounds to 6e-8; sums of some thousand numbers in another order and other functions of the C library stay
 * within 1e-5 of the largest.
 */
export function expectClose(got: readonly number[], wanted: readonly number[], what = ''): void {
  expect(got.length, `${what}: length`).to.equal(wanted.length);
  const largest = wanted.reduce((max, value) => (Number.isFinite(value) ? Math.max(max, Math.abs(value)) : max), 1e-3);
  wanted.forEach((value, i) => {
    const one = got[i]!;
    if (!(Object.is(one, value) || one === value || Math.abs(one - value) <= 1e-5 * largest))
      expect.fail(`${what}: element ${i} is ${one}, wanted ${value} (the largest is ${largest})`);
  });
}

/** The emulator computes what tfjs-backend-cpu does. */
export async function expectSame(compute: () => Tensor | Tensor[], wanted?: readonly Result[]): Promise<void> {
  const reference = wanted ?? (await on('cpu', compute));
  const got = await on(emulatorName, compute);
  expect(got.map(({shape, dtype}) => ({shape, dtype}))).to.deep.equal(
    reference.map(({shape, dtype}) => ({shape, dtype})),
  );
  reference.forEach(({values}, i) => expectClose(got[i]!.values, values, `result ${i}`));
}
