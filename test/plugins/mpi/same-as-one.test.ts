import {expect} from 'chai';
import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {readCheckpoint} from '../../../dist/gan/checkpoint.js';
import {packRecords} from '../../../dist/gan/data/pack.js';
import {openRecords} from '../../../dist/gan/data/records/open.js';
import {openTraining} from '../../../dist/runs/open-training.js';
import type {TrainResult} from '../../../dist/runs/train.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {metrics, newest} from '../../runs/helpers.js';
import {needs, trainTogether, type Job} from './support.js';

const tiny = {
  data: 'builtin:shapes',
  source: {count: 96},
  size: 16,
  latent: 8,
  batchSize: 12,
  steps: 20,
  lr: 0.002,
  sampleEvery: 0,
  watchEvery: 0,
  checkpointEvery: 0,
  keepCheckpoints: 0,
  syncBn: true,
  backend: {name: 'wasm', threads: 1},
};
const small = {name: 'basic', nFeatures: 8};

/** What a step is made of. SGD where Adam's division by small gradients would blow up the last digits. */
const cases: Record<string, Record<string, unknown>> = {
  'batch norm': {recipe: 'dcgan', arch: small},
  'penalties, augmentation that adapts, an average of weights': {
    recipe: 'r1',
    arch: small,
    opt: 'sgd',
    lr: 0.01,
    penalty: [
      {name: 'r1', every: 2},
      {name: 'lecam', start: 2},
    ],
    augment: [{name: 'ada', interval: 1, kimg: 0.1}],
    emaHalfLife: 50,
  },
  'passes, clipped gradients, an adaptive switcher, images held out': {
    recipe: 'gan',
    arch: small,
    opt: 'sgd',
    lr: 0.05,
    accumulate: 2,
    gradClip: 1,
    switcher: {name: 'adaptive', criticThresh: 0.6},
    loss: 'bce',
    validPct: 20,
  },
  'classes, norms by class, a penalty between real and generated images': {
    recipe: 'gan',
    arch: {name: 'light', nFeatures: 2},
    opt: 'sgd',
    lr: 0.01,
    conditional: true,
    penalty: [{name: 'wgan-gp'}],
  },
  'dropout, colours and places that change': {
    recipe: 'sngan',
    size: 32,
    steps: 12,
    arch: {name: 'gan-critic', nFeatures: 4, nf: 8, nBlocks: 2, p: 0.3},
    opt: 'sgd',
    augment: ['color', 'translation', 'cutout'],
  },
};
const names = Object.keys(cases);
const settingsOf = (i: number): typeof tiny & Record<string, unknown> => ({...tiny, ...cases[names[i]!]});

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur: number;
}

/** Its gradients fill several buckets. The trace is that of the last job. */
const traced: Job = {
  name: 'traced',
  settings: {
    ...settingsOf(0),
    arch: {name: 'basic', nFeatures: 64},
    batchSize: 4,
    steps: 8,
    syncBn: false,
  },
};

/** Trains in this process alone. */
async function trainAlone(dir: string, settings: Record<string, unknown>, resume = false): Promise<TrainResult> {
  const training = await openTraining(settings, resume ? {resume: dir} : {});
  return training.fit(dir).finally(() => training.close());
}

const losses = (dir: string): number[] =>
  metrics(dir).flatMap((line) => ('mode' in line ? [line['loss'] as number] : []));

/** The largest difference of weights and running statistics, against the largest value of each. */
async function difference(a: string, b: string): Promise<number> {
  const [one, other] = await Promise.all([a, b].map((dir) => readCheckpoint(newest(dir, 'checkpoints'))));
  let most = 0;
  for (const [name, {data}] of one!.model) {
    const otherData = other!.model.get(name)!.data;
    const [own, others] = [data, otherData].map((values) => Array.from<number | bigint, number>(values, Number));
    const scale = Math.max(1e-2, ...own!.map(Math.abs));
    own!.forEach((value, i) => (most = Math.max(most, Math.abs(value - others![i]!) / scale)));
  }
  return most;
}

/** Pictures of one colour each, as files. */
async function pictures(dir: string, count: number): Promise<string> {
  mkdirSync(dir, {recursive: true});
  for (let i = 0; i < count; i++) {
    const background = {r: (9 * i) % 256, g: 255 - ((9 * i) % 256), b: (37 * i) % 256};
    await sharp({create: {width: 16, height: 16, channels: 3, background}})
      .png()
      .toFile(path.join(dir, `${i}.png`));
  }
  return dir;
}

/** The same as a packed set of two files. */
async function packed(dir: string): Promise<string> {
  const packs = path.join(dir, 'packs');
  mkdirSync(packs);
  const records = await openRecords(await pictures(path.join(dir, 'photos'), 26));
  await packRecords(records, path.join(packs, 'set.safetensors'), {size: [16, 16], channels: 3, shards: 2});
  return packs;
}

describe('training in several processes', function () {
  this.timeout(120_000);
  after(removeFolders);
  let alone: string;
  let packs: string;
  const ofPacks = (): Record<string, unknown> => {
    const {source: _, ...others} = settingsOf(0);
    return {...others, data: packs, batchSize: 8, steps: 12};
  };
  /** Of four ranks: the first case, and its first half in `half`; undefined where there were none. */
  let four: string | undefined;

  before(async () => {
    alone = folder();
    packs = await packed(folder());
    for (const i of names.keys()) await trainAlone(path.join(alone, String(i)), settingsOf(i));
    await trainAlone(path.join(alone, 'packed'), ofPacks());
  });

  const jobs = (): Job[] => names.map((_, i) => ({name: String(i), settings: settingsOf(i)}));

  function expectSameLosses(dir: string, name: string, as = name): void {
    const [one, several] = [losses(path.join(alone, as)), losses(path.join(dir, name))];
    expect(several, name).to.have.length(one.length);
    one.forEach((loss, step) =>
      expect(several[step], `${name}, step ${step + 1}`).to.be.closeTo(loss, 1e-5 * (1 + Math.abs(loss))),
    );
  }

  async function expectSame(dir: string, name: string): Promise<void> {
    expectSameLosses(dir, name);
    expect(await difference(path.join(alone, name), path.join(dir, name)), names[Number(name)]).to.be.below(1e-4);
  }

  /** In a trace exchanges have begun before the backward pass is over, and all are there. */
  function expectOverlap(file: string, rank: number): void {
    const {traceEvents} = JSON.parse(readFileSync(file, 'utf8')) as {traceEvents: TraceEvent[]};
    const spans = traceEvents.filter(({ph}) => ph === 'X');
    expect(spans.every(({pid, dur}) => pid === rank && dur >= 0)).to.equal(true);
    const kernels = spans.filter(({tid}) => tid === 1).map(({name}) => name);
    const ends = kernels.filter((name) => name === 'AllReduceEnd');
    expect(spans.filter(({tid}) => tid === 2)).to.have.length(ends.length);
    const order = kernels.map(
      (name) => ({AllReduceBegin: '<', AllReduceEnd: '>'})[name] ?? (/Backprop/.test(name) ? 'b' : '.'),
    );
    expect(order.join('')).to.match(/<[^>]*b[^>]*>/);
  }

  it('computes the same as one process with 2 ranks of Open MPI, in captured steps', async function () {
    const dir = folder();
    const all = [...jobs(), {name: 'packed', settings: ofPacks()}, traced];
    const {description, results} = await trainTogether(needs('openmpi', 2, this), dir, all, {
      GAN_TRACE: path.join(dir, 'trace.json'),
    });
    expect(description).to.match(/2 ranks on one machine \(Open MPI v/);
    expect(results['0']!.repeated).to.be.within(10, 19);
    for (const i of names.keys()) await expectSame(dir, String(i));
    expectSameLosses(dir, 'packed');
    for (const [rank, file] of ['trace.json', 'trace.1.json'].entries()) expectOverlap(path.join(dir, file), rank);
  });

  it('computes the same with 4 ranks of Open MPI, and 3 of MPICH', async function () {
    for (const [library, ranks] of [
      ['openmpi', 4],
      ['mpich', 3],
    ] as const) {
      const dir = folder();
      const auto = {...settingsOf(0), source: {count: 8 * ranks}, batchSize: 'auto', steps: 1};
      const {description} = await trainTogether(needs(library, ranks, this), dir, [
        ...jobs().slice(0, 1),
        {name: 'auto', settings: auto},
        ...(library === 'openmpi' ? [{name: 'half', settings: {...settingsOf(0), steps: 10}}] : []),
      ]);
      if (library === 'openmpi') four = dir;
      const found = JSON.parse(readFileSync(path.join(dir, 'auto', 'config.json'), 'utf8')) as {batchSize: number};
      expect(found.batchSize, 'all images, in powers of two of each rank').to.equal(8 * ranks);
      expect(description).to.match(library === 'mpich' ? /3 ranks .*MPICH/ : /4 ranks .*Open MPI/);
      await expectSame(dir, '0');
    }
  });

  it('goes on with another number of ranks: from 4 to 2 and to 1, and from 1 to 2', async function () {
    const start = needs('openmpi', 2, this);
    const dir = folder();
    const settings = settingsOf(0);
    for (const name of ['4-to-2', '4-to-1']) cpSync(path.join(four!, 'half'), path.join(dir, name), {recursive: true});
    await trainAlone(path.join(dir, '1-to-2'), {...settings, steps: 10});
    await trainTogether(start, dir, [
      {name: '4-to-2', settings, resume: true},
      {name: '1-to-2', settings, resume: true},
    ]);
    await trainAlone(path.join(dir, '4-to-1'), settings, true);
    for (const name of ['4-to-2', '4-to-1', '1-to-2']) {
      expectSameLosses(dir, name, '0');
      expect(existsSync(path.join(dir, name, 'checkpoints/step-00000020'))).to.equal(true);
    }
  });

  it('goes on with the same number of ranks as if it had not stopped, to the last bit', async function () {
    const start = needs('openmpi', 4, this);
    const dir = folder();
    cpSync(path.join(four!, 'half'), path.join(dir, '4-to-4'), {recursive: true});
    await trainTogether(start, dir, [{name: '4-to-4', settings: settingsOf(0), resume: true}]);
    expect(losses(path.join(dir, '4-to-4'))).to.deep.equal(losses(path.join(four!, '0')));
    expect(await difference(path.join(four!, '0'), path.join(dir, '4-to-4'))).to.equal(0);
  });

  it('ends in the same step in all ranks, whatever ends it, and rank 0 tells what the others could not read', async function () {
    const dir = folder();
    const photos = await pictures(path.join(dir, 'photos'), 100);
    const broken = [81, 84, 87, 90, 93, 96].map((i) => path.join(photos, `${i}.png`)); // rank 0 draws the first ones
    for (const file of broken) writeFileSync(file, 'no picture');
    const {steps: _, ...noSteps} = settingsOf(0);
    const {source: __, ...ofFiles} = settingsOf(0);
    const measured = {metrics: [{name: 'swd', directions: 4}], metricImages: 8, validPct: 20};
    const {results} = await trainTogether(needs('openmpi', 2, this), dir, [
      {name: 'target', settings: {...settingsOf(0), ...measured, steps: 40, stopWhen: 'swd<1000000'}},
      {name: 'minutes', settings: {...noSteps, minutes: 0.02}},
      {name: 'broken', settings: {...ofFiles, data: photos, batchSize: 8, steps: 12}},
    ]);
    const {target, minutes, broken: ofBroken} = results;
    expect(target!.stopped).to.have.property('by', 'target');
    expect(target!.step, 'at the end of the first epoch').to.equal(6);
    expect(minutes!.step, 'as many as were planned').to.be.at.least(1);
    const ofOne = await trainAlone(path.join(dir, 'alone'), {...ofFiles, data: photos, batchSize: 8, steps: 12});
    const paths = (items: TrainResult['skipped']): string[] => items.map((item) => item.path).sort();
    const missed = paths(ofOne.skipped);
    expect(missed).to.have.length.above(2);
    expect(paths(ofBroken!.skipped)).to.deep.equal(missed);
    for (const file of missed) {
      const told = ofBroken!.warnings.filter((warning) => warning.includes(`cannot read ${file}`));
      expect(told, file).to.have.length(1);
    }
    expect(ofBroken!.warnings.some((warning) => /^rank 1 on \S+: cannot read/.test(warning))).to.equal(true);
  });
});
