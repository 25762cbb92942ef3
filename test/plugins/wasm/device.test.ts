import {spawnSync} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {cpus} from 'node:os';
import path from 'node:path';
import type {BackendWasm} from '@tensorflow/tfjs-backend-wasm';
import {expect} from 'chai';
import {tf, type Tensor4D} from '../../../dist/backends/tf.js';
import {systemLimits} from '../../../dist/system-limits.js';
import {hasWideSimd} from '../../../plugins/wasm/src/module.js';
import {ganError} from '../../plugin/helpers.js';
import {backend, defaults, makeBackend, random} from './support.js';

const support = path.join(import.meta.dirname, 'support.ts');

/** Runs a module in a fresh process with `backend` and `tf` at hand. */
function child(body: string) {
  const source = `import {backend} from ${JSON.stringify(support)}; import * as tf from '@tensorflow/tfjs-core';\n${body}`;
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    encoding: 'utf8',
    timeout: 30_000,
  });
}

/** Size of the heap of tfjs. */
function heapBytes(): number {
  return (tf.backend() as unknown as {wasm: {HEAPU8: Uint8Array}}).wasm.HEAPU8.byteLength;
}

describe('wasm: the device', function () {
  this.timeout(300_000);

  it('can run here, and says so without loading tfjs', async () => {
    const {threads, relaxedSimd} = defaults;
    expect(await backend.probe()).to.deep.equal({
      ok: true,
      info: {
        simd: true,
        relaxedSimd,
        wideSimd: relaxedSimd && hasWideSimd(),
        threads: threads ?? systemLimits().processors.value,
      },
      devices: [{name: cpus()[0]!.model.trim(), memoryBytes: Math.min(systemLimits().memory.value, 2 ** 32)}],
    });
  });

  it('has as many threads as the system lets run, unless it is told, and names a limit of memory when there is no more', async () => {
    const by = '/sys/fs/cgroup/memory.max';
    const limits = () => ({memory: {value: 2 ** 30, by}, processors: {value: 3}});
    const probe = await makeBackend({...defaults, threads: undefined}, limits).probe();
    expect(probe).to.nested.include({'info.threads': 3, 'devices[0].memoryBytes': 2 ** 30});
    const limited = makeBackend({...defaults, threads: 1}, limits);
    expect(await limited.probe()).to.nested.include({'info.threads': 1});

    const device = await limited.open();
    const error = await ganError(() =>
      tf.tidy(() => tf.square(tf.broadcastTo(tf.ones([1, 33_000]), [33_000, 33_000]))),
    );
    expect(error).to.include({code: 'GAN_BACKEND_MEMORY'});
    expect(error.message).to.match(/this process has a limit of 1024 MiB \(\/sys\/fs\/cgroup\/memory\.max\)\.$/);
    await device.close?.();
  });

  it('neither adds nor removes listeners for errors that nobody caught', async () => {
    const events = ['uncaughtException', 'unhandledRejection'] as const;
    const own = () => {};
    for (const event of events) process.on(event, own);
    const listeners = () => events.map((event) => process.rawListeners(event));
    const before = listeners();
    const device = await backend.open();
    expect(listeners()).to.deep.equal(before);
    await device.close?.();
    expect(listeners()).to.deep.equal(before);
    for (const event of events) process.off(event, own);
  });

  it('leaves an uncaught error its message and its place', () => {
    const {status, stderr} = child("await backend.open(); setTimeout(() => { throw new Error('mine'); });");
    expect(status).to.equal(1);
    expect(stderr).to.match(/Error: mine\n\s+at .*eval/);
  });

  it('computes, closes and lets the process end by itself', () => {
    const {status, stdout, stderr} = child(`
      const device = await backend.open();
      const x = tf.ones([1, 4, 4, 2]), filter = tf.ones([3, 3, 2, 2]);
      const y = tf.conv2d(x, filter, 1, 'valid');
      console.log(y.dataSync().join(' '));
      await device.close();
      x.dispose();
    `);
    expect({status, stderr}).to.deep.equal({status: 0, stderr: ''});
    expect(stdout).to.contain('18 18 18 18 18 18 18 18');
  });

  it('opens again after it was closed', async () => {
    for (let i = 0; i < 3; i++) {
      const device = await backend.open();
      const sum = tf.tidy(() => tf.sum(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).dataSync()[0]);
      expect(sum).to.equal(12);
      await device.close?.();
    }
  });

  it('refuses to open twice at a time, and may be closed twice', async () => {
    const device = await backend.open();
    const again = await backend.open().catch(String);
    expect(again).to.match(/the wasm device is open already/);
    await device.close?.();
    await device.close?.();
  });

  it('puts the stock kernels back when it closes', async () => {
    const conv2D = () => tf.getKernel('Conv2D', 'wasm')?.kernelFunc;
    const device = await backend.open();
    const own = conv2D();
    await device.close?.();
    expect(conv2D()).to.not.equal(own);
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).to.equal(undefined);
  });

  it('lists in its README what the cpu backend has and it has not', async () => {
    const device = await backend.open();
    const names = (name: string) => tf.getKernelsForBackend(name).map(({kernelName}) => kernelName);
    // those of tfjs: other tests in this process may have given the backend operations of plug-ins
    const ofTfjs = new Set<string>(Object.values(tf).filter((value) => typeof value === 'string'));
    const missing = names('cpu')
      .filter((name) => ofTfjs.has(name) && !names('wasm').includes(name))
      .sort();
    await device.close?.();
    const readme = await readFile(new URL('../../../plugins/wasm/README.md', import.meta.url), 'utf8');
    const rows = (readme.split('## Missing')[1] ?? '').match(/^\| \w+ \|$/gm) ?? [];
    expect(rows.map((row) => row.slice(2, -2)).filter((name) => name !== 'Kernel')).to.deep.equal(missing);
  });

  it('refuses to read a tensor that outlived it', async () => {
    const device = await backend.open();
    const x = tf.ones([2]);
    await device.close?.();
    expect(() => x.dataSync()).to.throw(/the wasm device is closed/);
    x.dispose();
  });

  it('is out of memory with an error, also where the number of bytes is small in 32 bits, and goes on', async () => {
    const device = await backend.open();
    for (const shape of [
      [2 ** 20, 2 ** 20],
      [1_000_003, 1_000_003],
      [33_000, 33_000],
    ]) {
      const error = await ganError(() =>
        tf.tidy(() => tf.square(tf.broadcastTo(tf.ones([1, shape[1]!]), shape as [number, number]))),
      );
      expect(error).to.include({code: 'GAN_BACKEND_MEMORY', kind: 'backend', exitCode: 4});
      expect(error.message).to.match(/\d+ MiB more are needed/);
    }
    expect(Array.from(tf.tidy(() => tf.square(tf.tensor1d([3, 4])).dataSync()))).to.deep.equal([9, 16]);
    await device.close?.();
  });

  it('keeps neither tensors nor memory after many steps', async () => {
    const device = await backend.open();
    const x = random([4, 16, 16, 8], 1) as Tensor4D;
    const filter = random([4, 4, 8, 16], 2) as Tensor4D;
    const step = () =>
      tf.tidy(() => {
        tf.grads((image, weights) => tf.leakyRelu(tf.conv2d(image as Tensor4D, weights as Tensor4D, 2, 'same'), 0.2))([
          x,
          filter,
        ]);
      });
    for (let i = 0; i < 5; i++) step();
    const {numTensors, numBytes} = tf.memory();
    const ids = (tf.backend() as BackendWasm).numDataIds();
    const heap = heapBytes();
    for (let i = 0; i < 200; i++) step();
    expect(tf.memory()).to.include({numTensors, numBytes});
    expect((tf.backend() as BackendWasm).numDataIds()).to.equal(ids);
    expect(heapBytes()).to.equal(heap);
    tf.dispose([x, filter]);
    await device.close?.();
  });
});
