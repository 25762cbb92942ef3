import {expect} from 'chai';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {parseStopWhen} from '../../dist/options/stop-when.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import type {NamedImageMetric} from '../../dist/gan/metrics/image-metrics.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {fitWithRetries} from '../../dist/runs/retry.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {summariseRun} from '../../dist/runs/run-summary.js';
import type {TrainEvent, TrainResult} from '../../dist/runs/train.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, metrics, openCpu, results, tinyConfig} from './helpers.js';

describe('stopWhen', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);
  /** A training that breaks: networks without residual layers, at a learning rate far too large. */
  const broken = ['recipe=quick', 'arch.nFeatures=16', 'arch.nExtraLayers=0', 'lr=2'];
  const newRun = (): string => path.join(folder(), 'run');
  const kept = (dir: string): number[] =>
    readdirSync(path.join(dir, 'checkpoints')).flatMap((name) => /\d+/.exec(name)?.map(Number) ?? []);

  it('is a list of findings, plateaus and targets', () => {
    expect(parseStopWhen('collapse, diverged,plateau,plateau:swd,swd<0.02,precision > .5')).to.deep.equal([
      {type: 'finding', name: 'collapse'},
      {type: 'finding', name: 'diverged'},
      {type: 'plateau'},
      {type: 'plateau', metric: 'swd'},
      {type: 'target', metric: 'swd', sign: '<', value: 0.02},
      {type: 'target', metric: 'precision', sign: '>', value: 0.5},
    ]);
    expect(parseStopWhen('')).to.deep.equal([]);
  });

  const wrong: [set: string[], says: RegExp, suggests: RegExp][] = [
    [['stopWhen=colapse'], /'colapse' is no condition/, /Did you mean collapse/],
    [['stopWhen=swd<'], /'swd<' is no condition/, /METRIC<VALUE/],
    [['stopWhen=swd<low'], /'swd<low' is no condition/, /METRIC<VALUE/],
    [['stopWhen=swd=1'], /'swd=1' is no condition/, /METRIC<VALUE/],
    [['stopWhen=plateau:'], /'plateau:' is no condition/, /plateau:METRIC/],
    [['stopWhen=swd<1'], /does not measure 'swd'/, /--metrics swd/],
    [['stopWhen=plateau:kid', 'metrics=swd'], /does not measure 'kid'/, /--metrics swd,kid/],
    [['stopWhen=plateau'], /which metric/, /plateau:METRIC/],
    [['stopWhen=collapse', 'watchEvery=0'], /watchEvery is 0/, /--watch-every/],
    [['stopWhen=plateau', 'metrics=swd', 'patience=0'], /patience/, /./],
  ];
  for (const [set, says, suggests] of wrong) {
    it(`refuses ${set.join(' ')}`, async () => {
      const error = await ganError(() => tinyConfig(set));
      expect(error).to.include({code: 'GAN_CONFIG_VALUE', kind: 'config'});
      expect(error.message).to.match(says);
      expect(`${error.message} ${error.suggestions.join(' ')}`).to.match(suggests);
    });
  }

  /** Trains with these values of swd at the ends of epochs of 6 steps. */
  function train(
    dir: string,
    values: number[],
    set: string[],
    {resume = false, better = 'lower' as NamedImageMetric['better'], epochs = values.length} = {},
  ): Promise<TrainResult> {
    const left = [...values];
    const swd: NamedImageMetric = {name: 'swd', better, compute: () => left.shift()!};
    const all = ['metrics=swd', 'metricImages=8', `epochs=${epochs}`, ...set];
    return fit({device, dir, set: all, parts: {metrics: [swd]}, resume});
  }

  it('plateau: after as many epochs without a better value as patience says; says why, and keeps the best', async () => {
    const dir = newRun();
    const set = ['stopWhen=plateau', 'patience=3', 'keepBest=swd', 'keepCheckpoints=1'];
    const result = await train(dir, [4, 2, 3, 2, 5, 1, 1], set);
    expect(result).to.deep.include({step: 30, interrupted: false, best: {step: 12, metric: 'swd', value: 2}});
    expect(result.stopped).to.deep.equal({
      by: 'plateau',
      why: 'swd has not been better than 2, at step 12, for 3 epochs',
    });
    expect(kept(dir)).to.deep.equal([12, 30]);
    expect(metrics(dir).at(-1)).to.deep.equal({step: 30, epoch: 4, stopped: result.stopped!.why});
    expect(await summariseRun(dir)).to.include({step: 30, epochs: 5, stopped: result.stopped!.why});
    // what was trained is what a run of so many epochs has
    const short = newRun();
    await train(short, [4, 2, 3, 2, 5], ['keepBest=swd', 'keepCheckpoints=1']);
    const [a, b] = [await results(dir), await results(short)];
    for (const key of ['model', 'averages', 'position', 'sample']) expect(a[key], key).to.deep.equal(b[key]);
  });

  it('plateau: of a metric whose higher values are better; a value that is no number is not better', async () => {
    const result = await train(newRun(), [1, 2, NaN, 1.5, 9], ['stopWhen=plateau:swd', 'patience=2'], {
      better: 'higher',
    });
    expect(result).to.include({step: 24});
  });

  it('plateau: counts on when a run is resumed, from wherever', async () => {
    const [whole, parts] = [newRun(), newRun()];
    const set = ['stopWhen=plateau', 'patience=3', 'keepBest=swd'];
    await train(whole, [2, 4, 3, 5, 6], set);
    await train(parts, [2, 4], set, {epochs: 2});
    const {stopped, step} = await train(parts, [3, 5, 6], set, {resume: true, epochs: 5});
    expect(step).to.equal(24);
    expect(stopped!.by).to.equal('plateau');
    expectSame(await results(parts), await results(whole));
  });

  it('a target: at the first epoch that reaches it; what is reached in the last epoch ends nothing early', async () => {
    const {stopped, step} = await train(newRun(), [4, 2, 0.5, 0.1], ['stopWhen=swd<0.6']);
    expect({stopped, step}).to.deep.equal({stopped: {by: 'target', why: 'swd is 0.5, which is < 0.6'}, step: 18});
    expect((await train(newRun(), [4, 2, 0.5], ['stopWhen=swd<0.6'])).stopped).to.equal(undefined);
  });

  it('a finding: ends the run at the look that tells it, with a checkpoint; a resumed run goes on', async () => {
    const dir = newRun();
    const set = [...broken, 'watchEvery=5', 'stopWhen=collapse'];
    const {stopped, step, checkpoint, interrupted} = await fit({device, dir, set: [...set, 'steps=60']});
    expect(stopped).to.include({by: 'collapse', since: step - 10});
    expect(interrupted).to.equal(false);
    expect((await readCheckpoint(checkpoint)).position.step).to.equal(step);
    const on = await fit({device, dir, set: [...set, 'steps=60'], resume: true});
    expect(on).to.include({step: 60});
    expect(metrics(dir).some((line) => 'stopped' in line)).to.equal(false);
  });

  describe('going back', () => {
    const set = ['metrics=swd', 'metricImages=8', 'keepBest=swd', 'keepCheckpoints=0', 'sampleEvery=6'];

    it('from the best checkpoint, or one by its step, is exact: later checkpoints, grids and lines go away', async () => {
      const [whole, again] = [newRun(), newRun()];
      const values = [4, 2, 3, 5];
      await train(whole, values, set);
      await train(again, values, set);
      const wanted = await results(whole);
      for (const [from, rest] of [
        ['best', [3, 5]],
        [6, [2, 3, 5]],
      ] as const) {
        const left: number[] = [...rest];
        const swd: NamedImageMetric = {name: 'swd', better: 'lower', compute: () => left.shift()!};
        const training = await openTraining(await tinyConfig([...set, 'epochs=4']), {
          registry: openRegistry(),
          device,
          parts: {metrics: [swd]},
          resume: again,
          from,
        });
        let atStart: number[] = [];
        await training.fit(again, {notify: ({type}) => void (type === 'start' && (atStart = kept(again)))});
        await training.close();
        expect(atStart).to.deep.equal(from === 'best' ? [6, 12] : [6]);
        expectSame(await results(again), wanted);
      }
    });

    it('to a step that has no checkpoint is refused, and nothing goes away', async () => {
      const dir = newRun();
      await train(dir, [4, 2], set);
      const open = async (): Promise<unknown> =>
        openTraining(await tinyConfig([...set, 'epochs=4']), {registry: openRegistry(), device, resume: dir, from: 7});
      const error = await ganError(open);
      expect(error).to.include({code: 'GAN_NO_CHECKPOINT'});
      expect(kept(dir)).to.deep.equal([6, 12]);
    });

    it('with another attempt has other batches, the same held-out images, and can itself be resumed exactly', async () => {
      const more = ['validPct=20', 'arch=gan-critic', 'arch.nf=8', 'arch.nBlocks=1', 'arch.p=0.3'];
      const [plain, whole, parts] = [newRun(), newRun(), newRun()];
      for (const dir of [plain, whole, parts]) await fit({device, dir, set: [...more, 'steps=8']});
      await fit({device, dir: plain, set: [...more, 'steps=20'], resume: true});
      await fit({device, dir: whole, set: [...more, 'steps=20', 'attempt=1'], resume: true});
      for (const steps of [13, 20])
        await fit({device, dir: parts, set: [...more, `steps=${steps}`, 'attempt=1'], resume: true});
      const [a, b, c] = [await results(plain), await results(whole), await results(parts)];
      expect(b['model']).to.not.deep.equal(a['model']);
      expectSame(c, b);
      const losses = (dir: string): unknown[] => metrics(dir).map(({loss}) => loss);
      expect(losses(whole).slice(0, 8)).to.deep.equal(losses(plain).slice(0, 8));
    });

    it('with other learning rates uses them from the next step on, also after a further resume', async () => {
      const dir = newRun();
      const rates = (): unknown[] =>
        metrics(dir)
          .filter(({lr}) => lr !== undefined)
          .map(({mode, lr}) => `${String(mode)[0]}${String(lr)}`);
      const recipe = ['recipe=gan', 'switcher.nCrit=1'];
      await fit({device, dir, set: [...recipe, 'steps=2', 'lr=0.01']});
      await fit({device, dir, set: [...recipe, 'steps=4', 'lr=0.001'], resume: true});
      await fit({device, dir, set: [...recipe, 'steps=6', 'lr=0.001', 'criticLr=0.003'], resume: true});
      await fit({device, dir, set: [...recipe, 'steps=8', 'lr=0.001', 'criticLr=0.003'], resume: true});
      expect(rates()).to.deep.equal(['c0.01', 'g0.01', 'c0.001', 'g0.001', 'c0.003', 'g0.001', 'c0.003', 'g0.001']);
    });
  });

  describe('retries', () => {
    async function retry(
      dir: string,
      settings: string[],
      parts = {},
    ): Promise<{result: TrainResult; told: TrainEvent[]}> {
      const registry = openRegistry();
      const told: TrainEvent[] = [];
      const result = await fitWithRetries(
        (config, from) => openTraining(config, {registry, device, parts, ...from}),
        await tinyConfig(settings),
        dir,
        {from: {}, notify: (event) => void told.push(event)},
      );
      return {result, told};
    }

    it('go back to before the trouble with half the rates and other random numbers, at most so often', async () => {
      const dir = newRun();
      const set = [...broken, 'watchEvery=4', 'checkpointEvery=2', 'keepCheckpoints=0', 'steps=60'];
      const {result, told} = await retry(dir, [...set, 'retries=2']);
      const back = told.filter((event) => event.type === 'retry');
      expect(back.map(({attempt, retries, lr}) => [attempt, retries, lr])).to.deep.equal([
        [1, 2, 1],
        [2, 2, 0.5],
      ]);
      for (const {step} of back) expect(step).to.equal(2);
      expect(result.stopped!.by).to.be.oneOf(['diverged', 'collapse']);
      const config = JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8')) as RunConfig;
      expect(config).to.include({attempt: 2, lr: 0.5, seed: 0});
      expect((await new RunFolder(dir).readSessions()).map(({afterStep}) => afterStep)).to.deep.equal([0, 2, 2]);
    });

    it('without a checkpoint to go back to end as without retries; a healthy run needs none', async () => {
      const set = ['recipe=quick', 'watchEvery=4', 'steps=24', 'retries=2'];
      const bad = await retry(newRun(), [...set, 'lr=2']);
      expect(bad.told.some(({type}) => type === 'retry')).to.equal(false);
      expect(bad.result.stopped!.by).to.be.oneOf(['diverged', 'collapse']);
      const dir = newRun();
      const good = await retry(dir, set);
      expect(good.result).to.include({step: 24});
      expect(existsSync(path.join(dir, 'checkpoints'))).to.equal(true);
      expect(good.result.stopped).to.equal(undefined);
    });
  });
});
