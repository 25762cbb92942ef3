/**
 * The kernels under the sanitizers of g++, with real threads: what is read beside an array, undefined behaviour, and
 * numbers that two threads use without a barrier between them. By default some kernels; GAN_SUITE=long takes all that
 * the conformance kit's operations and their gradients launch.
 */
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {expect} from 'chai';
import type {Tensor4D} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from 'gankit';
import {runConformance} from 'gankit/testing';
import type {KernelSource} from '../../../plugins/cuda/src/gpu.js';
import {sources} from '../../../plugins/cuda/src/kernels/index.js';
import {batchNorm} from '../../../dist/backends/fused/batch-norm.js';
import {biasActivation} from '../../../dist/backends/fused/bias-activation.js';
import {compileEmulator, compileReplay, type Sanitizer} from './emulator/compile.js';
import {computations} from './emulator/computations.js';
import {emulatorName, openEmulator} from './emulator/index.js';
import {openLibrary} from './emulator/library.js';
import {needsCompiler, on, random} from './emulator/support.js';
import {traced} from './emulator/trace.js';
import {openFake} from './fake/open.js';

const long = process.env['GAN_SUITE'] === 'long';
/** Kernels that share memory, and one that goes through many axes. */
const some = ['batch norm', 'softmax', 'clipping', 'channels to pixels'];

/** A kernel for each kind of fault. */
const faulty: KernelSource = {
  name: 'faulty',
  text: `
KERNEL void beyond(const int *x, int *y) { y[threadIdx.x] = x[threadIdx.x + 1]; }
KERNEL void overflowing(const int *x, int *y) { y[threadIdx.x] = 2147483647 + x[threadIdx.x]; }
KERNEL void racing(const int *x, int *y) {
  __shared__ int shared[8];
  shared[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = shared[7 - threadIdx.x];
  __syncthreads();
}
`,
};
const faultyTrace = (entry: string): string[] => [
  'allocate 0 32',
  `write 0 ${'01000000'.repeat(8)}`,
  'allocate 1 32',
  `launch 2 ${entry} 1 1 1 8 1 1 0000000000000000 1 0 0 0 0000000000000000 1 0 1 0 faulty`,
];

/** What is launched for images in bfloat16: convolutions on the fake of CUDA, and what comes after them. */
async function inBfloat16(): Promise<string[]> {
  const {library, lines} = traced(openLibrary(await compileEmulator(sources)));
  const open = await openFake({precision: 'bf16', paces: ['eager', 'eager'], exactAllocations: true, library});
  for (const channels of [3, 8]) {
    const [x, w] = [random([2, 6, 5, 3], 1), random([3, 3, 3, channels], 2)];
    const [weight, bias] = [random([channels], 3), random([channels], 4)];
    const f = (images: Tensor, filter: Tensor): Tensor => {
      const y = tf.conv2d(images as Tensor4D, filter as Tensor4D, 1, 'same');
      const {y: normal} = batchNorm(y, weight, bias, {eps: 1e-5, slope: 0.2});
      return tf.sum(tf.addN([normal, biasActivation(y, bias, 0.2), tf.leakyRelu(y, 0.2)]));
    };
    for (const one of tf.grads((images, filter) => f(images!, filter!))([x, w])) await one.data();
  }
  await open.opened.close!();
  return lines;
}

describe('cuda: the kernels under sanitizers', function () {
  this.timeout(3_600_000);
  needsCompiler('linux');
  let folder: string;
  /** Of float32, and in the long mode of bfloat16. */
  const traces: (readonly string[])[] = [];
  const programs = new Map<Sanitizer, string>();
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-sanitizers-'));
    const device = await openEmulator({trace: true});
    for (const [what, compute] of computations) if (long || some.includes(what)) await on(emulatorName, compute);
    if (long)
      for (const only of ['operations', 'gradients'])
        await runConformance({name: emulatorName, open: async () => ({...device, close: async () => {}})}, {only});
    traces.push([...device.trace]);
    await device.close();
    if (long) traces.push(await inBfloat16());
    const used = new Set(
      traces
        .flat()
        .filter((line) => line.startsWith('launch '))
        .map((line) => /[^ ]+$/.exec(line)![0]),
    );
    const wanted = sources.filter(({name}) => [...used].some((last) => name.endsWith(last)));
    for (const sanitizer of ['address,undefined', 'thread'] as const)
      programs.set(sanitizer, await compileReplay([...wanted, faulty], sanitizer));
  });
  after(() => folder && rmSync(folder, {recursive: true, force: true}));
  const replay = (sanitizer: Sanitizer, lines: readonly string[]): Promise<{stdout: string}> => {
    const file = path.join(folder, 'trace');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const env = {...process.env, ASAN_OPTIONS: 'detect_leaks=0', TSAN_OPTIONS: 'exitcode=66'};
    return promisify(execFile)(programs.get(sanitizer)!, [file], {env, maxBuffer: 2 ** 26});
  };
  const fault = (sanitizer: Sanitizer, entry: string): Promise<string> =>
    replay(sanitizer, faultyTrace(entry)).then(
      () => 'nothing was found',
      ({stderr}: {stderr: string}) => stderr,
    );

  it('a read beside an array, an overflow and a missing barrier are found', async () => {
    expect(await fault('address,undefined', 'beyond')).to.contain('heap-buffer-overflow');
    expect(await fault('address,undefined', 'overflowing')).to.contain('signed integer overflow');
    expect(await fault('thread', 'racing')).to.contain('data race');
  });
  for (const sanitizer of ['address,undefined', 'thread'] as const)
    it(`nothing is found in the kernels: ${sanitizer}`, async () => {
      for (const [i, trace] of traces.entries()) {
        const {stdout} = await replay(sanitizer, trace);
        const launches = trace.filter((line) => line.startsWith('launch ')).length;
        expect(stdout).to.equal(`${launches} launches\n`);
        expect(launches).to.be.at.least(long && i === 0 ? 500 : 10);
      }
    });
});
