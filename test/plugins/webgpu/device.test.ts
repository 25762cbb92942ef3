import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import os from 'node:os';
import {tf, type Device} from 'gankit';
import {root} from '../../commands/helpers.js';
import {ganError} from '../../plugin/helpers.js';
import {needsAdapter, openWebgpu, plugin, random} from './support.js';

/** What is behind the device: the part of tfjs-backend-webgpu that the tests break on purpose. */
interface Inside {
  device: {destroy(): void; limits: {maxStorageBufferBindingSize: number}; createBuffer(descriptor: object): object};
  bufferManager: {getNumUsedBuffers(): number};
  numDataIds(): number;
}
const inside = (): Inside => tf.backend() as unknown as Inside;

describe('webgpu: the device', function () {
  this.timeout(60_000);
  needsAdapter();
  let device: Device;
  beforeEach(async () => {
    device = await openWebgpu();
  });
  afterEach(async () => device.close());

  /** Some work on the device, read back. */
  async function work(): Promise<number> {
    const product = tf.tidy(() => tf.sum(tf.matMul(random([8, 8], 1), random([8, 8], 2))));
    const [value] = await product.data();
    product.dispose();
    return value!;
  }

  it('tells which adapter it is on and how large a tensor may be', () => {
    expect(device).to.include({name: 'webgpu', tfBackend: 'webgpu'});
    expect(device.info).to.include.keys(
      'name',
      'vendor',
      'architecture',
      'driver',
      'software',
      'float16',
      'precision',
      'maxBufferBytes',
      'tfjs',
    );
    expect(device.info['maxBufferBytes']).to.be.above(2 ** 27); // more than what is guaranteed without asking
  });

  it('opens again after it was closed', async () => {
    const first = await work();
    await device.close();
    await device.close(); // twice does no harm
    device = await openWebgpu();
    expect(await work()).to.equal(first);
  });

  it('can be closed while it is being read, whenever the garbage is collected', () => {
    const script = `
      import {openBackend, tf} from 'gankit';
      for (let i = 0; i < 5; i++) {
        const device = await openBackend('webgpu', {plugins: [${JSON.stringify(plugin)}], options: {software: true}});
        tf.tidy(() => tf.square(tf.ones([8]))).data().catch(() => {});
        await device.close();
        gc();
        await new Promise(setImmediate);
        gc();
      }
    `;
    const {status, signal, stderr} = spawnSync(
      process.execPath,
      ['--expose-gc', '--input-type=module', '--eval', script],
      // Mesa, where it is installed, complains without that folder
      {cwd: root, encoding: 'utf8', timeout: 50_000, env: {...process.env, XDG_RUNTIME_DIR: os.tmpdir()}},
    );
    expect({status, signal, stderr}).to.deep.equal({status: 0, signal: null, stderr: ''});
  });

  it('refuses to open twice at a time', async () => {
    expect((await ganError(openWebgpu)).message).to.contain('open already');
    expect(await work()).to.satisfy(Number.isFinite);
  });

  it('waits in sync for what was handed over', async () => {
    const x = tf.tidy(() => tf.square(tf.ones([64, 64])));
    await device.sync();
    await device.sync();
    expect((await x.data())[0]).to.equal(1);
    x.dispose();
  });

  it('keeps neither tensors nor buffers after many steps', async () => {
    const step = async (): Promise<void> => {
      await work();
    };
    for (let i = 0; i < 3; i++) await step();
    const {tensors} = device.memory();
    const [ids, buffers] = [inside().numDataIds(), inside().bufferManager.getNumUsedBuffers()];
    for (let i = 0; i < 30; i++) await step();
    expect(device.memory().tensors).to.equal(tensors);
    expect(inside().numDataIds()).to.equal(ids);
    expect(inside().bufferManager.getNumUsedBuffers()).to.equal(buffers);
  });

  it('says that it cannot be read synchronously, where tfjs fails for the lack of a canvas', async () => {
    const x = tf.tidy(() => tf.square(random([40, 40], 1)));
    const error = await ganError(() => x.dataSync());
    expect(error).to.include({code: 'GAN_READ_SYNC', exitCode: 4});
    expect(error.suggestions.join()).to.contain('await data()');
    x.dispose();
  });

  it('refuses to read a tensor that outlived it, and lets it be disposed of', async () => {
    const x = tf.tidy(() => tf.square(random([40, 40], 1)));
    await device.close();
    expect(await x.data().then(() => 'read', String)).to.contain('the webgpu device is closed');
    x.dispose();
  });

  describe('when it is lost', () => {
    it('says so at the next read, which would never answer', async () => {
      const x = tf.tidy(() => tf.square(random([40, 40], 1)));
      inside().device.destroy();
      const error = await ganError(() => x.data());
      expect(error).to.include({code: 'GAN_DEVICE_LOST', kind: 'backend', exitCode: 4});
      expect(error.suggestions.join('\n')).to.contain('gan fit --resume');
      x.dispose();
    });

    it('says so at the next operation and in sync, the same each time', async () => {
      inside().device.destroy();
      const first = await ganError(() => device.sync());
      expect(first.code).to.equal('GAN_DEVICE_LOST');
      expect(await ganError(work)).to.equal(first);
    });

    it('can be opened again', async () => {
      inside().device.destroy();
      await ganError(work);
      await device.close();
      device = await openWebgpu();
      expect(await work()).to.satisfy(Number.isFinite);
    });
  });

  describe('when memory runs out', () => {
    it('names the size of a tensor that no buffer can hold', async () => {
      const side = Math.ceil(Math.sqrt(inside().device.limits.maxStorageBufferBindingSize / 4)) + 1;
      // made on the device only
      const error = await ganError(() => tf.tidy(() => tf.square(tf.broadcastTo(random([1, side], 1), [side, side]))));
      expect(error).to.include({code: 'GAN_BACKEND_MEMORY', kind: 'backend', exitCode: 4});
      expect(error.message).to.match(/a tensor of \d+ MiB is wanted, and its buffers hold at most \d+ MiB/);
      expect(error.suggestions.join('\n')).to.contain('--batch-size').and.contain('--resume');
    });

    it('passes on what the driver reports', async () => {
      const {device: gpu} = inside() as unknown as {device: EventTarget};
      const event = Object.assign(new Event('uncapturederror', {cancelable: true}), {
        error: new GPUOutOfMemoryError('no memory for 12 bytes'),
      });
      gpu.dispatchEvent(event);
      expect(await ganError(work)).to.include({code: 'GAN_BACKEND_MEMORY'});
    });
  });

  it('reports a shader that the device refuses where it is wanted, and goes on', async () => {
    const {device: gpu} = inside() as unknown as {device: GPUDevice};
    const error = await ganError(() => gpu.createShaderModule({code: 'no shader'}));
    expect(error).to.include({code: 'GAN_BACKEND_FAILED', exitCode: 4});
    expect(await work()).to.satisfy(Number.isFinite);
  });

  it('reports a command that the device refuses, once and for all: what follows would be computed from nothing', async () => {
    inside().device.createBuffer({size: 4, usage: 0xffff});
    await device.sync().catch(() => undefined);
    expect(await ganError(work)).to.include({code: 'GAN_BACKEND_FAILED', kind: 'backend'});
  });
});
