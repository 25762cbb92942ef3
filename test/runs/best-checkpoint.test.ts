import {expect} from 'chai';
import {readdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import type {NamedImageMetric} from '../../dist/gan/metrics/image-metrics.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, openCpu, results, tinyConfig} from './helpers.js';

/** 6 steps an epoch. */
const set = ['metrics=swd', 'metricImages=8', 'keepBest=swd', 'keepCheckpoints=1'];

describe('the best checkpoint of a run', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  /** Trains an epoch for each of the values that are measured at their ends. */
  async function train(
    dir: string,
    values: number[],
    {
      better = 'lower' as NamedImageMetric['better'],
      resume = false,
      epochs = values.length,
      more = [] as string[],
    } = {},
  ): Promise<void> {
    const left = [...values];
    const swd: NamedImageMetric = {name: 'swd', better, compute: () => left.shift()!};
    await fit({device, dir, set: [...set, `epochs=${epochs}`, ...more], parts: {metrics: [swd]}, resume});
    expect(left).to.deep.equal([]);
  }
  const newRun = (): string => path.join(folder(), 'run');
  const kept = (dir: string): number[] =>
    readdirSync(path.join(dir, 'checkpoints')).flatMap((name) => /\d+/.exec(name)?.map(Number) ?? []);

  it('is that of the epoch with the lowest or the highest value, beside the newest', async () => {
    const [lowest, highest, first] = [newRun(), newRun(), newRun()];
    await train(lowest, [4, 2, 3, 5]);
    expect(kept(lowest)).to.deep.equal([12, 24]);
    expect(await new RunFolder(lowest).best()).to.deep.equal({step: 12, metric: 'swd', value: 2});
    await train(highest, [4, 2, 3, 5], {better: 'higher'});
    expect(kept(highest)).to.deep.equal([24]);
    await train(first, [2, NaN, 2, 3]); // no number is better than a number, and an equal one is not better
    expect(kept(first)).to.deep.equal([6, 24]);
  });

  it('has the networks that a run has which ends there, and training goes on as if it were not kept', async () => {
    const [long, short, without] = [newRun(), newRun(), newRun()];
    await train(long, [4, 2, 3, 5]);
    await train(short, [4, 2]);
    const [best, ended] = [
      await readCheckpoint(await new RunFolder(long).checkpointOf('best')),
      await readCheckpoint(await new RunFolder(short).checkpointOf('newest')),
    ];
    expect([...best.model]).to.deep.equal([...ended.model]);
    await train(without, [4, 2, 3, 5], {more: ['keepBest=none']});
    expect(kept(without)).to.deep.equal([24]);
    expectSame(await results(long), await results(without));
  });

  it('is kept when the run goes on, until there is a better one', async () => {
    const [whole, parts] = [newRun(), newRun()];
    await train(whole, [4, 2, 3, 5, 1]);
    await train(parts, [4, 2]);
    await train(parts, [3, 5], {resume: true, epochs: 4});
    expect(kept(parts)).to.deep.equal([12, 24]);
    await train(parts, [1], {resume: true, epochs: 5});
    expect(kept(parts)).to.deep.equal([30]);
    expectSame(await results(parts), await results(whole));
  });

  it('can be gone on from, bit for bit', async () => {
    const [whole, again] = [newRun(), newRun()];
    await train(whole, [4, 2, 3, 5]);
    await train(again, [4, 2, 3, 5]);
    rmSync(new RunFolder(again).checkpointPath(24), {recursive: true});
    await train(again, [3, 5], {resume: true, epochs: 4});
    expectSame(await results(again), await results(whole));
  });

  it('is none where nothing was measured, where it was deleted, and where its note cannot be read', async () => {
    const dir = newRun();
    const best = () => new RunFolder(dir).best();
    await train(dir, [2, 3], {more: ['keepBest=none']});
    expect(await best()).to.equal(undefined);
    expect(await ganError(() => new RunFolder(dir).checkpointOf('best'))).to.include({
      code: 'GAN_NO_CHECKPOINT',
      exitCode: 5,
    });
    await new RunFolder(dir).writeBest({step: 6, metric: 'swd', value: 2});
    expect(await best()).to.equal(undefined);
    writeFileSync(path.join(dir, 'checkpoints/best.json'), '{"step": 12, "met');
    expect(await best()).to.equal(undefined);
    await train(dir, [9], {resume: true, epochs: 3});
    expect(await best()).to.include({step: 18, value: 9});
  });

  it('needs a metric that the run has', async () => {
    for (const [given, what] of [
      [['keepBest=swd'], 'no metrics'],
      [['metrics=swd', 'keepBest=fid'], 'the metrics of this run are swd'],
    ] as const) {
      const error = await ganError(() => tinyConfig(given));
      expect(error).to.include({code: 'GAN_CONFIG_VALUE'});
      expect(error.message).to.contain(what);
      expect(error.suggestions.join('\n')).to.contain('--metrics swd');
    }
  });
});
