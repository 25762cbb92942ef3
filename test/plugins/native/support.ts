/** What the tests of the native plug-in share. */
import type {NamedAttrMap} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {registerKernels} from '../../../dist/backends/kernels.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {GanError} from '../../../dist/errors.js';
import {opt} from '../../../dist/options/options.js';
import {systemLimits} from '../../../dist/system-limits.js';
import type {Backend, Gan} from '../../../dist/plugin/index.js';
import {absence, instructionSets, loadAddon, type InstructionSet} from '../../../plugins/native/src/addon.js';
import plugin from '../../../plugins/native/src/index.js';

/** The part of the plug-in API that a backend uses. */
const gan = {
  tf,
  opt,
  GanError,
  limits: () => systemLimits(),
  kernels: {register: registerKernels},
  backend: (definition: unknown) => definition,
} as unknown as Gan;

export const makeNative = (
  options: {threads?: number; isa?: 'auto' | InstructionSet; precision?: 'fp32' | 'bf16'} = {},
): Backend => plugin(gan).create({threads: undefined, isa: 'auto', precision: 'fp32', ...options});

/** Skips the tests of a suite where the addon is not built, and says why. */
export function needsAddon(): void {
  before(function () {
    const absent = absence();
    if (!absent) return;
    console.log(`      skipped: ${absent.why}`);
    this.skip();
  });
}

/** Those that this processor has; none without the addon. */
export function setsHere(): InstructionSet[] {
  if (absence()) return [];
  const addon = loadAddon();
  return instructionSets.filter((isa) => addon.isa(isa) === isa);
}

/** Those that this processor has for products of bfloat16. */
export function bf16SetsHere(): InstructionSet[] {
  if (absence()) return [];
  const addon = loadAddon();
  return instructionSets.filter((isa) => addon.isa(isa, true) === isa);
}

/** Runs one kernel, which may give several tensors. */
export const run = (name: string, inputs: Record<string, Tensor>, attrs: object = {}): Tensor[] =>
  [tf.engine().runKernel(name, inputs, attrs as NamedAttrMap)].flat() as Tensor[];

/** What a computation gives on a device that is opened for it. */
export async function valuesOn(backend: Backend, compute: () => Tensor[]): Promise<Float32Array[]> {
  const device = await backend.open();
  try {
    return tf.tidy(() => compute().map((tensor) => Float32Array.from(tensor.dataSync())));
  } finally {
    await device.close?.();
  }
}

/**
 * Float32 sums of a few thousand products in another order differ by about 1e-6 of the largest result; 1e-5 of it and
 * 1e-4 of each value leave room for that and for nothing else.
 */
export function expectNear(got: Float32Array, wanted: Float32Array, what: string): void {
  expect(got.length, `${what}: length`).to.equal(wanted.length);
  const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const far = wanted.findIndex((value, i) => !(Math.abs(got[i]! - value) <= 1e-4 * Math.abs(value) + 1e-5 * largest));
  expect(far, `${what}: ${got[far]}, wanted ${wanted[far]} (largest ${largest})`).to.equal(-1);
}
