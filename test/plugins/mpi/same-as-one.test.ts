import {expect} from 'chai';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {readCheckpoint} from '../../../dist/gan/checkpoint.js';
import {openTraining} from '../../../dist/runs/open-training.js';
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
};

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
    ...tiny,
    ...cases['batch norm'],
    arch: {name: 'basic', nFeatures: 64},
    batchSize: 4,
    steps: 8,
    syncBn: false,
  },
};

/** Trains in this process alone. */
async function trainAlone(dir: string, settings: Record<string, unknown>, resume = false): Promise<void> {
  const training = await openTraining(settings, resume ? {resume: dir} : {});
  await training.fit(dir).finally(() => training.close());
}

const losses = (dir: string): number[] =>
  metrics(dir).flatMap((line) => ('mode' in line ? [line['loss'] as number] : []));

/** The largest difference of weights, averages of gradients, running statistics, against the largest value of each. */
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

describe('training in several processes', function () {
  this.timeout(120_000);
  after(removeFolders);
  let alone: string;
  const names = Object.keys(cases);

  before(async () => {
    alone = folder();
    for (const [i, name] of names.entries()) await trainAlone(path.join(alone, String(i)), {...tiny, ...cases[name]});
  });

  const jobs = (): Job[] => names.map((name, i) => ({name: String(i), settings: {...tiny, ...cases[name]}}));

  async function expectSame(dir: string, i: number): Promise<void> {
    const [one, several] = [losses(path.join(alone, String(i))), losses(path.join(dir, String(i)))];
    expect(several).to.have.length(20);
    one.forEach((loss, step) =>
      expect(several[step], `step ${step + 1}`).to.be.closeTo(loss, 1e-5 * (1 + Math.abs(loss))),
    );
    expect(await difference(path.join(alone, String(i)), path.join(dir, String(i))), names[i]).to.be.below(1e-4);
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
    const printed = await trainTogether(needs('openmpi', 2, this), dir, [...jobs(), traced], {
      GAN_TRACE: path.join(dir, 'trace.json'),
    });
    expect(printed).to.match(/2 ranks on one machine \(Open MPI v/);
    expect(printed).to.match(/^0: 1[0-9] steps repeated/m);
    for (const i of names.keys()) await expectSame(dir, i);
    for (const [rank, file] of ['trace.json', 'trace.1.json'].entries()) expectOverlap(path.join(dir, file), rank);
  });

  it('computes the same with 4 ranks of Open MPI, and 3 of MPICH', async function () {
    for (const [library, ranks] of [
      ['openmpi', 4],
      ['mpich', 3],
    ] as const) {
      const dir = folder();
      const auto = {...tiny, ...cases[names[0]!], source: {count: 8 * ranks}, batchSize: 'auto', steps: 1};
      const printed = await trainTogether(needs(library, ranks, this), dir, [
        ...jobs().slice(0, 1),
        {name: 'auto', settings: auto},
      ]);
      const found = JSON.parse(readFileSync(path.join(dir, 'auto', 'config.json'), 'utf8')) as {batchSize: number};
      expect(found.batchSize, 'all images, in powers of two of each rank').to.equal(8 * ranks);
      expect(printed).to.match(library === 'mpich' ? /3 ranks .*MPICH/ : /4 ranks .*Open MPI/);
      await expectSame(dir, 0);
    }
  });

  it('goes on with another number of ranks: from 2 to 1, and from 1 to 2', async function () {
    const start = needs('openmpi', 2, this);
    const dir = folder();
    const settings = {...tiny, ...cases[names[0]!]};
    const half = {...settings, steps: 10};
    await trainAlone(path.join(dir, 'from-1'), half);
    await trainTogether(start, dir, [
      {name: 'from-2', settings: half},
      {name: 'from-1', settings, resume: true},
    ]);
    await trainAlone(path.join(dir, 'from-2'), settings, true);
    for (const name of ['from-1', 'from-2']) {
      const [one, several] = [losses(path.join(alone, '0')), losses(path.join(dir, name))];
      expect(several, name).to.have.length(20);
      one.forEach((loss, step) =>
        expect(several[step], `${name}, step ${step + 1}`).to.be.closeTo(loss, 1e-5 * (1 + loss)),
      );
      expect(existsSync(path.join(dir, name, 'checkpoints/step-00000020'))).to.equal(true);
    }
  });
});
