import {expect} from 'chai';
import {cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import type {Callback} from '../../dist/gan/callback.js';
import {writePng} from '../../dist/gan/data/grid.js';
import {Rng} from '../../dist/gan/rng.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {openTraining, type TrainingOptions} from '../../dist/runs/open-training.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, metrics, openCpu, results, tinyConfig} from './helpers.js';

/** A folder of pictures of noise. */
async function pictures(count: number, seed = 'pictures'): Promise<string> {
  const dir = folder();
  for (let i = 0; i < count; i++) {
    const rng = new Rng(seed).fork(i);
    const bytes = Uint8Array.from({length: 16 * 16 * 3}, () => rng.int(256));
    await writePng(path.join(dir, `${String(i).padStart(3, '0')}.png`), {
      data: bytes,
      width: 16,
      height: 16,
      channels: 3,
    });
  }
  return dir;
}

describe('a run that goes on', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  const settings = async (data: string, set: readonly string[]): Promise<RunConfig> => ({
    ...(await tinyConfig(['epochs=4', ...set])),
    data,
    source: {},
  });

  /** Trains into a folder, or goes on in it. @returns what was warned of */
  async function train(config: RunConfig, dir: string, options: TrainingOptions = {}): Promise<string[]> {
    const warnings: string[] = [];
    const training = await openTraining(config, {device, warn: (message) => warnings.push(message), ...options});
    try {
      await training.fit(dir);
    } finally {
      await training.close();
    }
    return warnings;
  }

  it('is refused with other data, whatever differs, and goes on when they are back, or with leave', async () => {
    const data = await pictures(20);
    const config = await settings(data, ['validPct=10']);
    const [dir, whole] = [path.join(folder(), 'run'), path.join(folder(), 'whole')];
    await train(config, whole);
    await train({...config, epochs: 2}, dir);
    const keep = path.join(folder(), 'data');
    cpSync(data, keep, {recursive: true});
    const back = (): void => {
      rmSync(data, {recursive: true});
      cpSync(keep, data, {recursive: true});
    };
    const first = path.join(data, '000.png');
    const changes: [change: () => void, told: RegExp][] = [
      [() => rmSync(first), /there were 20 items \(\d+ bytes\), now there are 19/],
      [() => cpSync(first, path.join(data, 'more.png')), /now there are 21/],
      [() => renameSync(first, path.join(data, 'a.png')), /other names/],
      [() => writeFileSync(first, readFileSync(first).subarray(0, -1)), /other sizes/],
      [() => writeFileSync(first, readFileSync(first).reverse()), /other content/],
    ];
    for (const [change, told] of changes) {
      change();
      const error = await ganError(() => train(config, dir, {resume: dir}));
      expect(error).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
      expect(error.message).to.match(told);
      expect(error.suggestions.join()).to.contain('--accept-changes');
      back();
    }
    const copy = path.join(folder(), 'copy');
    cpSync(dir, copy, {recursive: true});
    rmSync(first);
    expect((await train(config, copy, {resume: copy, acceptChanges: true})).join()).to.contain('now there are 19');
    back();
    expect(await train(config, dir, {resume: dir})).to.deep.equal([]);
    expectSame(await results(dir), await results(whole));
  });

  it('goes on with the same data in another place, exactly', async () => {
    const data = await pictures(20);
    const config = await settings(data, ['validPct=20']);
    const [dir, whole] = [path.join(folder(), 'run'), path.join(folder(), 'whole')];
    await train(config, whole);
    await train({...config, epochs: 2}, dir);
    const moved = path.join(folder(), 'elsewhere');
    renameSync(data, moved);
    expect(await train({...config, data: moved}, dir, {resume: dir})).to.deep.equal([]);
    expectSame(await results(dir), await results(whole));
    expect(await new RunFolder(dir).readConfig()).to.include({data: moved});
  });

  it('is refused with settings that were edited by hand, and names them', async () => {
    const config = await tinyConfig(['epochs=1']);
    const dir = path.join(folder(), 'run');
    await train(config, dir);
    const other = {...config, epochs: 2, latent: 8, genFirst: !config.genFirst};
    const error = await ganError(() => train(other, dir, {resume: dir}));
    expect(error).to.include({code: 'GAN_CHECKPOINT', exitCode: 3});
    expect(error.message)
      .to.contain(`genFirst was ${config.genFirst}, is ${!config.genFirst}`)
      .and.not.contain('latent');
    expect((await train(other, dir, {resume: dir, acceptChanges: true})).join()).to.contain('genFirst');
  });

  it('is told what the schedule does with the learning rate, in the numbers that come', async () => {
    const config = await tinyConfig(['schedule=linear', 'lr=0.001', 'steps=12']);
    const dir = path.join(folder(), 'run');
    await train(config, dir);
    const keep = path.join(folder(), 'keep');
    cpSync(dir, keep, {recursive: true});
    const [warning = ''] = await train({...config, steps: 24}, dir, {resume: dir});
    const rates = metrics(dir).flatMap(({lr}) => (typeof lr === 'number' ? [Number(lr.toPrecision(3))] : []));
    expect(rates[12]).to.be.greaterThan(rates[11]! * 2);
    for (const rate of [rates[11], rates[12], rates[23]]) expect(warning).to.contain(String(rate));
    expect(warning).to.contain('--schedule none');
    const {schedule: _, ...constant} = config;
    expect(await train({...constant, steps: 14}, keep, {resume: keep})).to.deep.equal([]);
    const kept = metrics(keep).flatMap(({lr}) => (typeof lr === 'number' ? [Number(lr.toPrecision(3))] : []));
    expect(kept.slice(11)).to.deep.equal([rates[11], rates[11], rates[11]]);
  });

  it('is not compared with a checkpoint of an older version, which kept nothing', async () => {
    const config = await tinyConfig(['epochs=1']);
    const dir = path.join(folder(), 'run');
    await train(config, dir);
    const [checkpoint] = await new RunFolder(dir).checkpoints();
    const file = path.join(checkpoint!, 'state.json');
    const {checksum: __, ...state} = JSON.parse(readFileSync(file, 'utf8')) as {
      checksum?: string;
      callbacks: Record<string, unknown>;
    };
    delete state.callbacks['inputs'];
    writeFileSync(file, JSON.stringify(state));
    expect(await train({...config, epochs: 2, genFirst: !config.genFirst}, dir, {resume: dir})).to.deep.equal([]);
  });

  it('takes the place of a checkpoint that was being replaced, and leaves nothing of a crash', async () => {
    const config = await tinyConfig(['epochs=1', 'checkpointEvery=3', 'keepCheckpoints=0']);
    const dir = path.join(folder(), 'run');
    await train(config, dir);
    const run = new RunFolder(dir);
    const steps = await run.checkpointSteps();
    const newest = run.checkpointPath(steps.at(-1)!);
    cpSync(newest, `${newest}.77.tmp`, {recursive: true});
    renameSync(newest, `${newest}.77.old`);
    for (const name of ['metrics.jsonl.77.tmp', 'samples/step-00000001.png.77.tmp', 'config.json.77.tmp'])
      writeFileSync(path.join(dir, name), 'half');
    writeFileSync(path.join(dir, 'mine.tmp'), 'mine');
    expect(await run.checkpointSteps()).to.deep.equal(steps); // a reader finds it
    expect(await run.checkpointOf('newest')).to.equal(`${newest}.77.old`);
    await train({...config, epochs: 2}, dir, {resume: dir});
    const names = readdirSync(dir, {recursive: true}).map(String);
    expect(names.filter((name) => /\.(tmp|old)$|^lock/.test(name))).to.deep.equal(['mine.tmp']);
    expect((await run.checkpointSteps()).slice(0, steps.length)).to.deep.equal(steps);
  });

  it('ends when another process has its folder, and writes nothing more', async () => {
    const config = await tinyConfig(['steps=9', 'checkpointEvery=2']);
    const dir = path.join(folder(), 'run');
    const lock = path.join(dir, 'lock.json');
    const taken = JSON.stringify({token: '0123456789abcdef', host: 'elsewhere', pid: 1, since: '2026-01-01T00:00:00Z'});
    const intruder: Callback & {name: string} = {
      name: 'intruder',
      afterBatch({step}) {
        if (step !== 3) return;
        rmSync(lock);
        writeFileSync(lock, taken);
        writeFileSync(path.join(dir, 'metrics.jsonl'), 'theirs\n');
      },
    };
    const error = await ganError(() => train(config, dir, {parts: {callbacks: [intruder]}}));
    expect(error).to.include({code: 'GAN_RUN_LOST', exitCode: 2});
    expect(await new RunFolder(dir).checkpointSteps()).to.deep.equal([2]);
    expect(readFileSync(path.join(dir, 'metrics.jsonl'), 'utf8')).to.equal('theirs\n');
    expect(readFileSync(lock, 'utf8')).to.equal(taken);
  });

  it('is refused while it is open in another training of the same process', async () => {
    const config = await tinyConfig(['epochs=1']);
    const dir = path.join(folder(), 'run');
    await train(config, dir);
    const open = await openTraining({...config, epochs: 2}, {device, resume: dir});
    expect(await ganError(() => train({...config, epochs: 2}, dir, {resume: dir}))).to.include({
      code: 'GAN_RUN_IN_USE',
    });
    await open.close();
    await train({...config, epochs: 2}, dir, {resume: dir});
  });
});

describe('a run whose last epoch was not ended', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  it('because of a crash in its metric gets its row, its best checkpoint and its last grid', async () => {
    const set = [
      'epochs=2',
      'checkpointEvery=6',
      'metrics=swd',
      'metrics.swd.directions=4',
      'metricImages=8',
      'keepBest=swd',
    ];
    const config = await tinyConfig(set);
    const [whole, dir] = [path.join(folder(), 'whole'), path.join(folder(), 'run')];
    const go = async (to: string, options: TrainingOptions, die = false): Promise<void> => {
      const training = await openTraining(config, {device, ...options});
      try {
        const [swd] = training.parts.metrics;
        const compute = swd!.compute.bind(swd);
        let epochs = 0;
        swd!.compute = async (...given: Parameters<typeof compute>) => {
          if (die && ++epochs === 2) throw new Error('killed');
          return compute(...given);
        };
        await training.fit(to);
      } finally {
        await training.close();
      }
    };
    await go(whole, {});
    await go(dir, {}, true).catch((error: Error) => expect(error.message).to.contain('killed'));
    expect(await new RunFolder(dir).checkpointSteps()).to.include(12);
    await go(dir, {resume: dir});
    expectSame(await results(dir), await results(whole));
    expect(await new RunFolder(dir).best()).to.deep.equal(await new RunFolder(whole).best());
    expect(readdirSync(path.join(dir, 'samples'))).to.deep.equal(readdirSync(path.join(whole, 'samples')));
    expect(await ganError(() => go(dir, {resume: dir}))).to.include({code: 'GAN_NOTHING_TO_DO'});
  });
});
