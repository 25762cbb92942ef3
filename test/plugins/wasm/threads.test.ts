import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {expect} from 'chai';
import {tf, type Tensor, type Tensor4D} from '../../../dist/backends/tf.js';
import {pixelNorm} from '../../../dist/gan/layers/pixel-norm.js';
import {Threads} from '../../../plugins/wasm/src/threads.js';
import {withSharedMemory} from '../../../plugins/wasm/src/shared-memory.js';
import {expectClose, makeBackend, on, random, run} from './support.js';

const support = path.join(import.meta.dirname, 'support.ts');

/** Work of every kind, large enough for several chunks. */
function everything(): Tensor[] {
  const x = random([4, 20, 20, 33], 1);
  const filter = random([4, 4, 33, 40], 2);
  const attrs = {strides: 2, pad: 1, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const y = run('Conv2D', {x, filter}, {...attrs, dilations: 1});
  const square = random([200, 300], 3);
  return [
    y,
    run('Conv2DBackpropFilter', {x, dy: y}, {...attrs, filterShape: filter.shape}),
    run('Conv2DBackpropInput', {dy: y, filter}, {...attrs, inputShape: x.shape}),
    tf.matMul(square, random([300, 1030], 4)),
    tf.matMul(square, random([200, 3], 5), true),
    ...strided([3, 18, 22, 16], [4, 4, 16, 24], 2),
    ...strided([4, 17, 19, 24], [3, 3, 24, 16], 1),
    ...strided([4, 16, 32, 3], [4, 4, 3, 24], 2),
    tf.conv2d(random([2, 16, 16, 16], 6) as Tensor4D, random([3, 3, 16, 3], 7) as Tensor4D, 1, 'same'),
    tf.mul(random([9, 40, 60], 10), random([9, 1, 60], 11)),
    tf.add(random([9, 40, 60], 10), random([60], 12)),
    tf.grad((image: Tensor) => tf.sum(tf.square(tf.leakyRelu(pixelNorm(image), 0.2))))(random([4, 33, 33, 7], 13)),
  ];
}

/** A convolution and its gradients, of the kinds that minimal filtering and scattering take. */
function strided(inShape: number[], filterShape: number[], strides: number): Tensor[] {
  const x = random(inShape, 8);
  const filter = random(filterShape, 9);
  const attrs = {strides, pad: 1, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
  const dy = run('Conv2D', {x, filter}, {...attrs, dilations: 1});
  return [
    dy,
    run('Conv2DBackpropFilter', {x, dy}, {...attrs, filterShape}),
    run('Conv2DBackpropInput', {dy, filter}, {...attrs, inputShape: inShape}),
  ];
}

async function compute(threads: number, relaxedSimd: boolean): Promise<number[][]> {
  const device = await makeBackend({threads, relaxedSimd}).open();
  const results = await on('wasm', everything);
  await device.close?.();
  return results.map(({values}) => values);
}

/** Runs a module in a fresh process with the backend's maker and `tf` at hand. */
function child(body: string) {
  const source = `import {makeBackend} from ${JSON.stringify(support)}; import * as tf from '@tensorflow/tfjs-core';\n${body}`;
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

const multiply = 'tf.tidy(() => tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])).dataSync()[0])';

describe('wasm: threads', function () {
  this.timeout(300_000);

  for (const relaxedSimd of [true, false]) {
    it(`give the same results to the last bit, however many there are${relaxedSimd ? '' : ', without relaxed SIMD'}`, async () => {
      const alone = await compute(1, relaxedSimd);
      for (const threads of [2, 3, 8])
        expect(await compute(threads, relaxedSimd), `${threads} threads`).to.deep.equal(alone);
    });
  }

  it('give what the cpu backend gives', async () => {
    const got = (await compute(2, true))[3] ?? [];
    const wanted = await on('cpu', () => [tf.matMul(random([200, 300], 3), random([300, 1030], 4))]);
    expectClose(got, wanted[0]?.values ?? []);
  });

  it('survive hundreds of kernels, busy and idle by turns', async () => {
    const device = await makeBackend({threads: 4, relaxedSimd: true}).open();
    for (let i = 0; i < 300; i++) {
      expect(tf.tidy(() => tf.sum(tf.matMul(tf.ones([64, 64]), tf.ones([64, 64]))).dataSync()[0])).to.equal(64 ** 3);
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await device.close?.();
  });

  it('report their number', async () => {
    const backend = makeBackend({threads: 3, relaxedSimd: false});
    expect(await backend.probe()).to.deep.include({
      ok: true,
      info: {simd: true, relaxedSimd: false, wideSimd: false, threads: 3},
    });
    const device = await backend.open();
    expect(device.info).to.include({threads: 3, relaxedSimd: false});
    await device.close?.();
  });

  it('do not keep a process that leaves the device open', () => {
    const {status, stdout, stderr} = child(
      `await makeBackend({threads: 3, relaxedSimd: true}).open(); console.log(${multiply});`,
    );
    expect({status, stderr, stdout}).to.deep.equal({status: 0, stderr: '', stdout: '256\n'});
  });

  it('are not started where one is enough, nor before a kernel has work for them', () => {
    const {status, stdout} = child(`
      import {Worker} from 'node:worker_threads';
      import {createHook} from 'node:async_hooks';
      let workers = 0;
      createHook({init: (_id, type) => { if (type === 'WORKER') workers++; }}).enable();
      for (const threads of [1, 3]) {
        const device = await makeBackend({threads, relaxedSimd: true}).open();
        const few = tf.tidy(() => tf.sum(tf.matMul(tf.ones([4, 4]), tf.ones([4, 4]))).dataSync()[0]);
        console.log(few, workers, ${multiply}, workers);
        await device.close();
      }
    `);
    expect({status, stdout}).to.deep.equal({status: 0, stdout: '64 0 256 0\n64 0 256 2\n'});
  });

  it('that end by themselves stop the next kernel with a reason, and hang nothing', async () => {
    // without the function a worker calls
    const module = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const threads = new Threads(2, {
      module,
      memory: new WebAssembly.Memory({initial: 1, maximum: 1, shared: true}),
      pool: 0,
    });
    threads.check();
    for (let i = 0; i < 200 && fails(threads) === undefined; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fails(threads)).to.match(
      /a thread of the wasm device ended unexpectedly: close the device and open it again/,
    );
    await threads.close();
  });
});

function fails(threads: Threads): string | undefined {
  try {
    threads.check();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('wasm: shared memory', () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

  it('is given to a module that defines a bounded memory', () => {
    const patched = withSharedMemory(
      Uint8Array.of(...header, 5, 4, 1, 1, 1, 2, 7, 10, 1, 6, 109, 101, 109, 111, 114, 121, 2, 0),
    );
    const {memory} = new WebAssembly.Instance(new WebAssembly.Module(patched)).exports;
    expect((memory as WebAssembly.Memory).buffer).to.be.instanceOf(SharedArrayBuffer);
  });

  it('is refused to a module without one', () => {
    expect(() => withSharedMemory(Uint8Array.of(...header, 5, 3, 1, 0, 1))).to.throw(
      /defines no memory with an upper bound/,
    );
    expect(() => withSharedMemory(Uint8Array.from(header))).to.throw(/defines no memory/);
  });
});
