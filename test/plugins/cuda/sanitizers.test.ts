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
import {runConformance} from 'gankit/testing';
import type {KernelSource} from '../../../plugins/cuda/src/gpu.js';
import {sources} from '../../../plugins/cuda/src/kernels/index.js';
import {compileReplay, type Sanitizer} from './emulator/compile.js';
import {computations} from './emulator/computations.js';
import {emulatorName, openEmulator} from './emulator/index.js';
import {needsCompiler, on} from './emulator/support.js';

const long = process.env['GAN_SUITE'] === 'long';
/** Kernels that share memory, and one that goes through many axes. */
const some = ['batch norm', 'softmax', 'channels to pixels'];

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

describe('cuda: the kernels under sanitizers', function () {
  this.timeout(3_600_000);
  needsCompiler('linux');
  let folder: string;
  let trace: readonly string[];
  const programs = new Map<Sanitizer, string>();
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-sanitizers-'));
    const device = await openEmulator({trace: true});
    for (const [what, compute] of computations) if (long || some.includes(what)) await on(emulatorName, compute);
    if (long)
      for (const only of ['operations', 'gradients'])
        await runConformance({name: emulatorName, open: async () => ({...device, close: async () => {}})}, {only});
    trace = [...device.trace];
    await device.close();
    const used = new Set(trace.filter((line) => line.startsWith('launch ')).map((line) => /[^ ]+$/.exec(line)![0]));
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
      const {stdout} = await replay(sanitizer, trace);
      const launches = trace.filter((line) => line.startsWith('launch ')).length;
      expect(stdout).to.equal(`${launches} launches\n`);
      expect(launches).to.be.at.least(long ? 500 : 10);
    });
});
