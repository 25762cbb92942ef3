import {expect} from 'chai';
import {tf} from '../../../dist/backends/tf.js';
import {systemLimits} from '../../../dist/system-limits.js';
import {makeNative, needsAddon, setsHere} from './support.js';

/** Runs with an environment variable. */
async function withEnv<T>(name: string, value: string, action: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await action();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  }
}

describe('native: the device', () => {
  it('is left out by GAN_NATIVE=off, and says so', async () => {
    await withEnv('GAN_NATIVE', 'off', async () => {
      const probe = await makeNative().probe();
      expect(probe).to.deep.equal({ok: false, why: 'GAN_NATIVE=off leaves it out', fix: 'unset GAN_NATIVE'});
      const error = await makeNative()
        .open()
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      expect(String(error)).to.contain('GAN_NATIVE=off');
    });
  });

  describe('where the addon is built', () => {
    needsAddon();
    const sets = setsHere();

    it('takes the widest instruction set of the processor, or the one it is told', async () => {
      expect(await makeNative().probe()).to.deep.nested.include({
        ok: true,
        'info.isa': sets[0],
        'info.threads': systemLimits().processors.value,
      });
      for (const isa of sets) expect(await makeNative({isa}).probe()).to.deep.nested.include({'info.isa': isa});
      const narrowest = sets.at(-1)!;
      await withEnv('GAN_NATIVE_ISA', narrowest, async () => {
        expect(await makeNative().probe()).to.deep.nested.include({'info.isa': narrowest});
      });
    });

    it('opens, computes, closes, and opens again', async () => {
      for (const threads of [1, 3, 2]) {
        const device = await makeNative({threads}).open();
        expect(device.tfBackend).to.equal('wasm');
        expect(device.info).to.include({isa: sets[0], threads});
        const product = tf.tidy(() => tf.matMul(tf.ones([200, 300]), tf.ones([300, 100])).dataSync());
        expect(product.every((value) => value === 300)).to.equal(true);
        await device.close?.();
      }
    });

    it('is one device with the wasm plug-in: it refuses to be opened twice', async () => {
      const device = await makeNative({threads: 1}).open();
      const error = await makeNative({threads: 1})
        .open()
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      await device.close?.();
      expect(String(error)).to.contain('open already');
    });

    it('works on a heap that grows meanwhile', async () => {
      const device = await makeNative({threads: 2}).open();
      try {
        const small = tf.ones([64, 64]);
        const many = Array.from({length: 12}, () => tf.ones([1024, 2048]));
        const product = tf.tidy(() => tf.matMul(small as never, small as never).dataSync());
        expect(product.every((value) => value === 64)).to.equal(true);
        const sums = tf.tidy(() => many.map((tensor) => tf.sum(tensor).dataSync()[0]));
        expect(sums).to.deep.equal(many.map(() => 2 ** 21));
        tf.dispose([small, ...many]);
      } finally {
        await device.close?.();
      }
    });
  });
});
