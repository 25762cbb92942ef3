import {expect} from 'chai';
import path from 'node:path';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import type {Device} from '../../dist/backends/device.js';
import {tf} from '../../dist/backends/tf.js';
import {GanError} from '../../dist/errors.js';
import {largestBatch, withBatchAdvice} from '../../dist/runs/batch-memory.js';
import type {Settings} from '../../dist/runs/data.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {fit, metrics, openCpu, tinyConfig} from './helpers.js';

const MiB = 2 ** 20;

/**
 * Lets the wasm device have so many bytes of tensors in place of its 4096 MiB, while `f` runs. As on a real heap, there
 * are gaps for what is small.
 */
async function withLimit<T>(bytes: number, f: () => Promise<T>): Promise<T> {
  const {wasm} = tf.backend() as unknown as {wasm: {_malloc(bytes: number): number}};
  const malloc = wasm._malloc;
  const others = tf.memory().numBytes; // of tests before in this process
  wasm._malloc = (wanted) => {
    const used = tf.memory().numBytes - others;
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

  const set = ['recipe=gan', 'arch.criticNorm=none', 'source.count=300', 'steps=4', 'watchEvery=0'];

  it('advises one that fits, with as many passes as give the same step; and it trains', async () => {
    const tensors = tf.memory().numTensors;
    await withLimit(MiB, async () => {
      const error = await ganError(() => fit({device, dir: path.join(folder(), 'run'), set: [...set, 'batchSize=32']}));
      expect(error).to.include({code: 'GAN_BACKEND_MEMORY', exitCode: 4});
      const [advice, ...others] = error.suggestions!;
      const [, size, passes] = /^Use --batch-size (\d+) --accumulate (\d+): the same 32 images/.exec(advice!)!;
      expect(Number(size)).to.be.within(2, 16);
      expect(Number(size) * Number(passes)).to.equal(32);
      expect(others, 'one way to go on, that of this run').to.have.length(1);
      expect(others[0]).to.match(/^The training is saved up to step \d .*: gan fit --resume \S+$/);

      const dir = path.join(folder(), 'run');
      await fit({device, dir, set: [...set, `batchSize=${size}`, `accumulate=${passes}`]});
      expect(metrics(dir).filter(({loss}) => typeof loss === 'number')).to.have.length(4);
    });
    expect(tf.memory().numTensors).to.equal(tensors);
  });

  it('auto is the largest power of two that trains, and at most the images', async () => {
    const tensors = tf.memory().numTensors;
    const found = async (limit: number, ...more: string[]): Promise<number> => {
      const config = await tinyConfig([...set, ...more]);
      return withLimit(limit, async () => {
        const training = await openTraining({...config, batchSize: 'auto'} as Settings, {device});
        const {batchSize} = training.config;
        const dir = path.join(folder(), 'run');
        await training.fit(dir);
        expect(await new RunFolder(dir).readConfig()).to.include({batchSize});
        await training.close();
        return batchSize;
      });
    };
    const limited = await found(MiB);
    expect(limited).to.be.oneOf([2, 4, 8, 16]);
    expect(await found(1024 * MiB, 'source.count=20')).to.equal(16);
    expect(await found(1024 * MiB, 'source.count=20', 'accumulate=3')).to.equal(4);
    expect(tf.memory().numTensors).to.equal(tensors);
    const tried: number[] = [];
    const fits = (most: number) => (size: number) => Promise.resolve(tried.push(size) > 0 && size <= most);
    expect(await largestBatch(fits(40), 100)).to.equal(32);
    expect(tried).to.deep.equal([2, 4, 8, 16, 32, 64]);
    expect(await largestBatch(fits(0), 100)).to.equal(1);
  });

  it('takes auto from every place that may set the batch size, and keeps it apart from the number', async () => {
    const {config, auto, origins} = await resolveConfig({
      registry: openRegistry(),
      set: ['batchSize=auto'],
      ignoreFiles: true,
    });
    expect([config.batchSize, auto, origins['batchSize']]).to.deep.equal([64, ['batchSize'], '--set batchSize']);
    const error = await ganError(() =>
      resolveConfig({registry: openRegistry(), set: ['epochs=auto'], ignoreFiles: true}),
    );
    expect(error).to.include({code: 'GAN_CONFIG_VALUE'});
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
