import {expect} from 'chai';
import {openTraining, type Training} from '../../dist/index.js';
import type {Device} from '../../dist/backends/device.js';
import {tf} from '../../dist/backends/tf.js';
import {checkMemory, leastMemory} from '../../dist/runs/memory-need.js';
import {ganError} from '../gan-error.js';
import {openCpu} from './helpers.js';

const settings = {
  data: 'builtin:shapes',
  source: {count: 64},
  recipe: 'wgan',
  arch: {name: 'basic', nFeatures: 8},
  opt: {name: 'adam'},
  emaHalfLife: 100,
  size: 16,
  latent: 8,
  batchSize: 8,
  steps: 2,
};

describe('the memory that a training needs', () => {
  let device: Device;
  let training: Training;
  /** Bytes of tensors of the tests before, in this process. */
  let others: number;
  before(async () => {
    device = await openCpu();
    others = tf.memory().numBytes;
    training = await openTraining(settings, {device});
  });
  after(async () => {
    await training.close();
    await device.close();
  });

  const sum = (bytes: Record<string, number>): number => Object.values(bytes).reduce((a, b) => a + b, 0);

  it('is at least weights, gradients, averages and a batch, and no more than a training has', async () => {
    const {learn, config} = training;
    const least = leastMemory(learn, config);
    const [generator, critic] = (['generator', 'critic'] as const).map(
      (name) => 4 * learn.ganModel.network(name).parameterCount(),
    );
    expect(least).to.include({
      weights: generator! + critic!,
      gradients: Math.max(generator!, critic!),
      'state of the optimizer': 2 * (generator! + critic!), // Adam's two averages
      'averaged weights': generator,
      'images of a batch': 8 * 16 * 16 * 3 * 4,
    });
    let peak = 0;
    await learn.fit(2, undefined, {
      steps: 2,
      cbs: [{name: 'peak', afterStep: () => void (peak = tf.memory().numBytes - others)}],
    });
    const kept = least['weights']! + least['state of the optimizer']! + least['averaged weights']!;
    expect(peak).to.be.within(kept, 2 * kept); // steps are over: the rest is freed
  });

  it('is refused above the limit, with the figures; near it, there is a warning', async () => {
    const {learn, config} = training;
    const needed = sum(leastMemory(learn, config));
    const warnings: string[] = [];
    const check = (value: number, by?: string) =>
      checkMemory(learn, config, (message) => warnings.push(message), {value, ...(by !== undefined && {by})});

    const error = await ganError(() => check(needed - 1, '/sys/fs/cgroup/memory.max'));
    expect(error).to.include({code: 'GAN_MEMORY_LIMIT', exitCode: 4});
    expect(error.message).to.match(
      /^the training needs at least \d+ MB of memory \(.*program 25 MB\), and this process/,
    );
    expect(error.message).to.include('(/sys/fs/cgroup/memory.max)');
    expect(error.suggestions.join('\n')).to.match(/--batch-size[^]*docker run --memory/);
    expect((await ganError(() => check(needed - 1, 'ulimit -v'))).suggestions[1]).to.match(/ulimit -v unlimited$/);
    expect((await ganError(() => check(needed - 1))).message).to.include('(the memory of the machine)');
    expect(warnings).to.deep.equal([]);

    check(needed, '/sys/fs/cgroup/memory.max');
    check(needed / 0.81);
    expect(warnings).to.have.length(2);
    expect(warnings[0]).to.include('/sys/fs/cgroup/memory.max').and.to.include('allow more memory');
    check(needed / 0.79);
    expect(warnings).to.have.length(2);
  });
});
