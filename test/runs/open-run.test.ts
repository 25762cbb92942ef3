import {expect} from 'chai';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {
  GanError,
  MetricsLog,
  openRun,
  openTraining,
  readCheckpoint,
  readSafetensors,
  RunFolder,
  tf,
  type Device,
  type MetricsLine,
} from 'gankit';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, metrics, openCpu, results, tinyConfig} from './helpers.js';

/** What `tinySettings` says, as a program would. */
const settings = {
  data: 'builtin:shapes',
  source: {count: 52},
  size: 16,
  latent: 8,
  recipe: 'wgan',
  batchSize: 8,
  arch: {name: 'basic', nFeatures: 4},
  checkpointEvery: 0,
  sampleEvery: 0,
  metrics: [{name: 'swd'}],
  metricImages: 16,
} as const;

describe('openTraining and openRun', () => {
  let device: Device;
  let dir: string;
  before(async () => {
    device = await openCpu();
    dir = path.join(folder(), 'run');
    await train(dir, {...settings, epochs: 2});
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function train(to: string, given: Parameters<typeof openTraining>[0], resume?: string): Promise<void> {
    const training = await openTraining(given, {device, ...(resume !== undefined && {resume})});
    await training.fit(to);
    await training.close();
  }

  it('train as gan fit does', async () => {
    const other = path.join(folder(), 'run');
    await fit({dir: other, device, set: ['epochs=2', 'metrics=swd', 'metricImages=16']});
    expectSame(await results(dir), await results(other));
  });

  it('settings are what a configuration file may say, and a configuration of a run means itself', async () => {
    const training = await openTraining({...settings, steps: 3}, {device});
    expect(training.config).to.deep.equal(await tinyConfig(['steps=3', 'metrics=swd', 'metricImages=16']));
    expect([training.steps, training.epochs]).to.deep.equal([3, 1]);
    const again = await openTraining(training.config, {device});
    expect(again.config).to.deep.equal(training.config);
    for (const each of [training, again]) await each.close();
    const error = await ganError(() => openTraining({...settings, lr: -1}, {device}));
    expect(error).to.include({code: 'GAN_CONFIG_VALUE', kind: 'config'});
    expect(error.message).to.contain('openTraining');
  });

  it('say what a split does to few images', async () => {
    const told = async (percent: number): Promise<string[]> => {
      const warnings: string[] = [];
      const few = {...settings, source: {count: 64}, steps: 1, validPct: percent};
      const training = await openTraining(few, {device, warn: (message) => warnings.push(message)});
      expect(training.dls.valid?.size).to.equal(percent < 2 ? undefined : 1);
      await training.close();
      return warnings.filter((message) => message.includes('held out'));
    };
    expect(await told(1)).to.deep.equal([
      'nothing is held out: 1 % of 64 images is less than one; --valid-pct 2 holds one out',
    ]);
    expect(await told(2)).to.deep.equal([]);
    const error = await ganError(() => openTraining({...settings, source: {count: 10}, validPct: 30}, {device}));
    expect(error.code).to.equal('GAN_DATA_TOO_SMALL');
    expect(error.message).to.contain('7 items, 10 less the 3 that are held out, fewer than one batch of 8');
  });

  it('doubt augmentations that adapt to signs which the loss leaves to chance, and no others', async () => {
    const told = async (loss: string, augment: {name: string; target?: number}): Promise<string[]> => {
      const warnings: string[] = [];
      const given = {...settings, loss, augment: [augment], steps: 1};
      await (await openTraining(given, {device, warn: (message) => warnings.push(message)})).close();
      return warnings.filter((message) => message.includes('signs'));
    };
    expect(await told('logistic', {name: 'ada'})).to.deep.equal([]);
    expect(await told('relativistic', {name: 'ada', target: 0})).to.deep.equal([]);
    const [warning] = await told('relativistic', {name: 'ada'});
    expect(warning).to.match(/^the augmentation ada .* with the loss relativistic only differences/);
    expect(warning).to.contain('--set augment.ada.target=0 --set augment.ada.p=0.3');
    expect(await told('wgan', {name: 'color', target: 0.6})).to.have.length(1);
  });

  it('a run goes on from its newest checkpoint, bit for bit', async () => {
    const parts = path.join(folder(), 'run');
    await train(parts, {...settings, epochs: 1});
    await train(parts, {...(await new RunFolder(parts).readConfig()), epochs: 2}, parts);
    expectSame(await results(parts), await results(dir));
    const sessions = await new RunFolder(parts).readSessions();
    expect(sessions.map(({afterStep, backend}) => [afterStep, backend])).to.deep.equal([
      [0, 'wasm'],
      [6, 'wasm'],
    ]);
  });

  it('evaluates to what the last epoch of the training measured', async () => {
    const {row} = metrics(dir).at(-1) as unknown as MetricsLine;
    const run = await openRun(dir, {device});
    expect(await run.evaluate()).to.deep.equal({swd: row!['swd']});
    expect(await run.evaluate({metrics: ['swd'], images: 8})).to.not.deep.equal({swd: row!['swd']});
    expect((await ganError(() => run.evaluate({data: '/no/such/folder'}))).code).to.equal('GAN_DATA_NOT_FOUND');
    await run.close();
  });

  it('draws, measures and exports with averaged weights where the run has them, with the trained ones on demand', async () => {
    const withAverage = path.join(folder(), 'run');
    await train(withAverage, {...settings, recipe: 'gan', lr: 0.02, epochs: 2, emaHalfLife: 1000});
    const draw = async (of: string, weights?: 'averaged' | 'trained'): Promise<unknown> => {
      const run = await openRun(of, {device, ...(weights && {weights})});
      const {data} = await run.generate({n: 4}).finally(() => run.close());
      return Array.from(data);
    };
    const [byDefault, averaged, trained] = [
      await draw(withAverage),
      await draw(withAverage, 'averaged'),
      await draw(withAverage, 'trained'),
    ];
    expect(byDefault).to.deep.equal(averaged);
    expect(trained).to.not.deep.equal(averaged);
    expect(await draw(dir, 'trained')).to.deep.equal(await draw(dir));
    const error = await ganError(() => draw(dir, 'averaged'));
    expect(error).to.include({code: 'GAN_USAGE', kind: 'usage'});
    expect(error.message).to.contain(dir).and.contain('average');

    const [byAverage, byTrained] = [
      await openRun(withAverage, {device}),
      await openRun(withAverage, {device, weights: 'trained'}),
    ];
    const {row} = metrics(withAverage).at(-1) as unknown as MetricsLine;
    expect(await byAverage.evaluate(), 'as the training measured').to.deep.equal({swd: row!['swd']});
    expect(await byTrained.evaluate()).to.not.deep.equal({swd: row!['swd']});
    const exported = async (run: typeof byAverage, name: string) => {
      const [file] = await run.export('safetensors', path.join(path.dirname(withAverage), `${name}.safetensors`));
      return (await readSafetensors(file!)).tensors;
    };
    const [ofAverage, ofTrained] = [await exported(byAverage, 'averaged'), await exported(byTrained, 'trained')];
    const {emaWeights, model} = await readCheckpoint((await byAverage.folder.checkpoints()).at(-1)!);
    for (const [name, {data}] of emaWeights) {
      expect(ofAverage.get(name)!.data, name).to.deep.equal(data);
      expect(ofTrained.get(name)!.data, name).to.deep.equal(model.get(name)!.data);
    }
    expect(emaWeights.size).to.be.greaterThan(3);
    for (const run of [byAverage, byTrained]) await run.close();
  });

  it('refuses conditional networks by name', async () => {
    const registry = openRegistry();
    const create = registry.create.bind(registry);
    registry.create = (async (kind: 'architecture', name: string, options: never) => {
      const made = await create(kind, name, options);
      return {...made, generator: (wanted: never) => Object.assign(made.generator(wanted), {takesLabels: true})};
    }) as unknown as typeof registry.create;
    const run = await openRun(dir, {device, registry});
    for (const use of [() => run.generate(), () => run.networks()]) {
      const error = await ganError(use);
      expect(error).to.include({code: 'GAN_LABELS', kind: 'data'});
      expect(error.message).to.contain('generator').and.contain('conditional').and.contain(dir);
    }
    await run.close();
  });

  it('draws however many images, a few at a time: the same as together', async () => {
    const run = await openRun(dir, {device});
    const together = await run.generate({n: 130, seed: 7});
    const parts: Uint8Array[] = [];
    for await (const {data, shape} of run.generateParts({n: 130, seed: 7})) {
      expect(shape[0]).to.be.at.most(64);
      parts.push(data as Uint8Array);
    }
    expect(Buffer.concat(parts).equals(together.data as Uint8Array)).to.equal(true);
    const many = run.generateParts({n: 62_000_000});
    expect((await many.next()).value?.shape).to.deep.equal([64, 16, 16, 3]);
    await many.return(undefined);
    expect((await ganError(() => run.generate({n: 62_000_000}))).code).to.equal('GAN_TOO_MANY_IMAGES');
    await run.close();
  });

  it('draws from seeds: alone, in a row, and on the way', async () => {
    const run = await openRun(dir, {device});
    const [five, third, stops, way] = [
      await run.generate({n: 5, seed: 7}),
      await run.generate({seeds: [1, 2, 3]}),
      await run.generate({seeds: [2, 3]}),
      await run.interpolate({seeds: [2, 3], frames: 4, loop: false}),
    ];
    const pixels = 16 * 16 * 3;
    expect([five, third, stops, way].map(({shape}) => shape[0])).to.deep.equal([5, 3, 2, 5]);
    expect(third.data.slice(pixels)).to.deep.equal(stops.data);
    expect(way.data.slice(0, pixels)).to.deep.equal(stops.data.slice(0, pixels));
    expect(way.data.slice(4 * pixels)).to.deep.equal(stops.data.slice(pixels));
    expect((await ganError(() => run.draw([new Float32Array(3)]))).code).to.equal('GAN_LATENT_SIZE');
    await run.close();
  });

  it('opens a device only for what computes', async () => {
    const run = await openRun(dir, {backend: 'no-such-backend'});
    const out = path.join(dir, 'weights.safetensors');
    expect(await run.export('safetensors', out)).to.deep.equal([out]);
    expect(existsSync(out)).to.equal(true);
    expect(await run.summary()).to.include({step: 12, epochs: 2});
    expect((await ganError(() => run.generate())).code).to.equal('GAN_UNKNOWN_PART');
    await run.close();
  });

  it('leave no tensor behind, and a device open that they were given', async () => {
    const before = tf.memory().numTensors;
    const run = await openRun(dir, {device});
    await run.networks();
    await run.generate();
    await run.evaluate({images: 8});
    await run.close();
    const training = await openTraining({...settings, steps: 2}, {device});
    await training.close();
    const failed = {...settings, source: {count: 3}};
    expect(await openTraining(failed, {device}).catch((error: unknown) => error)).to.be.instanceOf(GanError);
    expect(tf.memory().numTensors).to.equal(before);
    await device.sync();
  });

  it('MetricsLog reads what the training wrote', async () => {
    const lines: MetricsLine[] = [];
    await new MetricsLog(path.join(dir, 'metrics.jsonl')).read((line) => void lines.push(line));
    expect(lines.map(({step}) => step)).to.deep.equal([1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12, 12]);
  });
});
