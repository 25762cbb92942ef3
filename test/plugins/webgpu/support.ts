/**
 * What the tests of the webgpu plug-in share: an adapter, which on most test machines is SwiftShader's, or a reason to
 * skip.
 */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {openBackend, tf, type Device, type Tensor} from 'gankit';
import {Rng} from '../../../dist/gan/rng.js';
import type {WebgpuOptions} from '../../../plugins/webgpu/src/findings.js';
import {probe} from '../../../plugins/webgpu/src/probe.js';

/** The folder of the plug-in. */
export const plugin = fileURLToPath(new URL('../../../plugins/webgpu', import.meta.url));

export const software: WebgpuOptions = {
  device: undefined,
  powerPreference: 'high-performance',
  software: true,
  precision: 'fp32',
};

let answer: ReturnType<typeof probe> | undefined;

/** Skips a suite, with the reason, where there is no adapter. */
export function needsAdapter(): void {
  before(async function () {
    const found = await (answer ??= probe(software));
    if (found.ok) return;
    process.stdout.write(`    skipped: ${found.why}\n`);
    this.skip();
  });
}

export const openWebgpu = (): Promise<Device> => openBackend('webgpu', {plugins: [plugin], options: {software: true}});

/** Opens the device before the tests of a suite and closes it after them. */
export function withWebgpu(): void {
  needsAdapter();
  let device: Device | undefined;
  before(async () => {
    device = await openWebgpu();
  });
  after(() => device?.close());
}

/** Values in [-1, 1), the same for the same shape and seed on every backend. */
export function random(shape: number[], seed: number): Tensor {
  return tf.tensor(new Rng(seed).uniform(tf.util.sizeFromShape(shape), -1, 1), shape, 'float32');
}

export interface Result {
  shape: number[];
  values: number[];
}

/** Runs `compute` on a backend that is registered, and reads its results. */
export async function on(name: string, compute: () => Tensor[]): Promise<Result[]> {
  const current = tf.getBackend();
  await tf.setBackend(name);
  try {
    const tensors = tf.tidy(compute);
    const results: Result[] = [];
    for (const tensor of tensors) results.push({shape: tensor.shape, values: Array.from(await tensor.data())});
    tf.dispose(tensors);
    return results;
  } finally {
    await tf.setBackend(current);
  }
}

/** The environment of a process that finds no Vulkan driver. */
export const noDriver: Record<string, string> = {
  VK_ICD_FILENAMES: path.join(plugin, 'no-such-driver.json'),
  VK_DRIVER_FILES: '',
};

/** Whether the plug-in's own packages are there; tests of what it says without an adapter need them. */
export const isInstalled = existsSync(path.join(plugin, 'node_modules/webgpu/package.json'));

/** How many shaders a computation hands over. */
export function dispatchesOf(compute: () => void): number {
  const {prototype} = (
    globalThis as unknown as {GPUComputePassEncoder: {prototype: {dispatchWorkgroups(...size: number[]): void}}}
  ).GPUComputePassEncoder;
  const original = prototype.dispatchWorkgroups;
  let count = 0;
  prototype.dispatchWorkgroups = function (...size) {
    count++;
    original.apply(this, size);
  };
  try {
    compute();
  } finally {
    prototype.dispatchWorkgroups = original;
  }
  return count;
}
