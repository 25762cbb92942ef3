import {expect} from 'chai';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {tf} from '../../dist/backends/tf.js';
import {GanError} from '../../dist/errors.js';
import {withBatchAdvice} from '../../dist/runs/batch-memory.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {fit, metrics, openCpu} from './helpers.js';

const MiB = 2 ** 20;

/**
 * Lets the wasm device have so many bytes of tensors in place of its 4096 MiB, while `f` runs. As on a real heap, there
 * are gaps for what is small.
 */
async function withLimit<T>(bytes: number, f: () => Promise<T>): Promise<T> {
  const {wasm} = tf.backend() as unknown as {wasm: {_malloc(bytes: number): number}};
  const malloc = wasm._malloc;
  wasm._malloc = (wanted) => {
    const used = tf.memory().numBytes;
    if (used + wanted <= bytes || wanted <= 4096) return malloc(wanted);
    throw new GanError('backend', 'GAN_BACKEND_MEMORY', `the device has no ${wanted} bytes left`, {
      suggestions: ['Use a smaller --batch-size.', 'Resume from the last checkpoint.'],
    });
  };
  try {
    return await f();
  } finally {
    wasm._malloc = malloc;
  }
}

describe('a device without enough memory for the batch', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  const set = ['recipe=gan', 'arch.criticNorm=none', 'source.count=300', 'steps=4'];

  it('advises one that fits, with as many passes as give the same step; and it trains', async () => {
    const tensors = tf.memory().numTensors;
    await withLimit(3 * MiB, async () => {
      const error = await ganError(() =>
        fit({device, dir: path.join(folder(), 'run'), set: [...set, 'batchSize=128']}),
      );
      expect(error).to.include({code: 'GAN_BACKEND_MEMORY', exitCode: 4});
      const [advice, ...others] = error.suggestions!;
      const [, size, passes] = /^Use --batch-size (\d+) --accumulate (\d+): the same 128 images/.exec(advice!)!;
      expect(Number(size)).to.be.within(2, 64);
      expect(Number(size) * Number(passes)).to.equal(128);
      expect(others).to.deep.equal(['Resume from the last checkpoint.']);

      const dir = path.join(folder(), 'run');
      await fit({device, dir, set: [...set, `batchSize=${size}`, `accumulate=${passes}`]});
      expect(metrics(dir).filter(({loss}) => typeof loss === 'number')).to.have.length(4);
    });
    expect(tf.memory().numTensors).to.equal(tensors);
  });

  describe('advice', () => {
    const given = new GanError('backend', 'GAN_BACKEND_MEMORY', 'no memory', {suggestions: ['--batch-size', 'go on']});

    it('keeps the images of a step, whatever their number', async () => {
      const fits = (most: number) => (size: number) => Promise.resolve(size <= most);
      const first = async (batchSize: number, accumulate: number, most: number): Promise<string> =>
        (await withBatchAdvice(given, {batchSize, accumulate}, fits(most))).suggestions[0]!;
      expect(await first(64, 1, 20)).to.match(/^Use --batch-size 16 --accumulate 4: the same 64 /);
      expect(await first(48, 2, 20)).to.match(/^Use --batch-size 12 --accumulate 8: the same 96 /);
      expect(await first(7, 1, 6)).to.match(/^Use --batch-size 1 --accumulate 7: the same 7 /);
      expect(await first(8, 1, 0)).to.match(/not even a batch of one/);
    });

    it('is half of the batch where the device is gone and nothing can be tried', async () => {
      const {message, suggestions, cause} = await withBatchAdvice(given, {batchSize: 64, accumulate: 1}, undefined);
      expect([message, ...suggestions]).to.deep.equal([
        'no memory',
        'Try --batch-size 32 --accumulate 2: the same 64 images in each step, with less memory.',
        'go on',
      ]);
      expect(cause).to.equal(given);
    });
  });
});
