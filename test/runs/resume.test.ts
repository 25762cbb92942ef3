import {expect} from 'chai';
import {appendFileSync, existsSync, rmSync} from 'node:fs';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, metrics, newest, openCpu, results} from './helpers.js';

/** What runs are made of: each must go on exactly. */
const cases: Record<string, string[]> = {
  'recipe wgan (RMSProp, clipping)': ['recipe=wgan'],
  'recipe gan (Adam)': ['recipe=gan'],
  'Adam with weight decay on recipe wgan': ['recipe=wgan', 'opt=adam', 'wd=0.01'],
  'momentum in RMSProp, the generator first': [
    'recipe=wgan',
    'opt=rmsprop',
    'opt.mom=0.5',
    'genFirst=true',
    'switcher.nGen=2',
  ],
  'gan-critic: dropout, spectral norm, self-attention': [
    'recipe=gan',
    'arch=gan-critic',
    'arch.nf=8',
    'arch.nBlocks=1',
    'arch.p=0.3',
    'switchEval=true',
  ],
  'an adaptive switcher': ['recipe=gan', 'loss=bce', 'switcher=adaptive', 'switcher.criticThresh=0.65', 'lr=0.002'],
  'a validation split': ['recipe=gan', 'validPct=15'],
  "compat 'fastai', Adam": ['recipe=wgan', 'opt=adam', 'compat=fastai', 'switchEval=true'],
  "compat 'fastai', RMSProp, gan-critic, a validation split": [
    'recipe=wgan',
    'arch=gan-critic',
    'arch.nf=8',
    'arch.nBlocks=1',
    'compat=fastai',
    'validPct=15',
  ],
  'a penalty in each second step, augmentation, a metric': [
    'recipe=gan',
    'penalty=r1',
    'penalty.every=2',
    'augment=flip',
    'metrics=swd',
    'metrics.swd.directions=4',
    'metricImages=10',
  ],
  'gradients of several passes, clipped; penalties with and without a memory of their own': [
    'recipe=gan',
    'loss=logistic',
    'arch.criticNorm=none',
    'batchSize=4',
    'accumulate=2',
    'gradClip=0.5',
    'penalty=r1,r2,lecam',
    'penalty.r1.every=3',
    'penalty.lecam.start=4',
    'emaHalfLife=20',
  ],
  'a penalty at random points': ['recipe=wgan', 'clip=none', 'arch.criticNorm=instance', 'penalty=wgan-gp'],
  'averaged weights, and augmentations of what the critic sees': [
    'recipe=gan',
    'emaHalfLife=20',
    'augment=color,cutout',
    'augment.color.p=0.5',
  ],
  'ADA, whose probability moves every three critic steps': [
    'recipe=gan',
    'augment=ada',
    'augment.ada.pipe=bgcfnc',
    'augment.ada.p=0.3',
    'augment.ada.target=0.1',
    'augment.ada.kimg=0.2',
    'augment.ada.interval=3',
  ],
  'resnet, FIR resampling, minibatch stddev': [
    'recipe=gan',
    'arch=resnet',
    'arch.resampling=fir',
    'arch.stddevGroup=4',
  ],
  'light, without spectral norm, R1': [
    'recipe=gan',
    'arch=light',
    'arch.criticNorm=none',
    'arch.nExtraLayers=1',
    'penalty=r1',
  ],
  'conditional, with batch norms by class and a projection critic': [
    'recipe=gan',
    'arch=light',
    'conditional=true',
    'penalty=r1',
    'emaHalfLife=20',
    'metrics=swd',
    'metrics.swd.directions=4',
    'metricImages=10',
  ],
  'grey images in a size of its own': ['recipe=gan', 'channels=1', 'size=32'],
};

describe('a run that stops and goes on', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  /** Trains at a stretch, and again with a stop after a step: both end alike. Returns the folder of the first. */
  async function sameWhenStopped(set: readonly string[], after: number): Promise<string> {
    const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: whole, set});
    const stop = new AbortController();
    await fit({
      device,
      dir: parts,
      set,
      signal: stop.signal,
      notify: (event) => event.type === 'step' && event.step === after && stop.abort(),
    });
    await fit({device, dir: parts, set, resume: true});
    expectSame(await results(parts), await results(whole));
    return whole;
  }

  for (const [what, set] of Object.entries(cases)) {
    it(`${what}: 20 steps and 20 more are 40 steps, bit for bit`, async () => {
      const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
      await fit({device, dir: whole, set: [...set, 'steps=40']});
      await fit({device, dir: parts, set: [...set, 'steps=20']});
      const half = metrics(parts);
      await fit({device, dir: parts, set: [...set, 'steps=40'], resume: true});
      const [a, b] = [await results(whole), await results(parts)];
      expectSame(b, a);

      // so that the comparison above is of something
      const losses = metrics(whole).filter(({loss}) => loss !== undefined);
      expect(losses.map(({step}) => step)).to.deep.equal(Array.from({length: 40}, (_, i) => i + 1));
      expect(new Set(losses.map(({loss}) => loss)).size).to.be.greaterThan(30);
      expect(new Set(losses.map(({mode}) => mode)).size).to.equal(2);
      expect(half.filter(({loss}) => loss !== undefined)).to.have.length(20);
      expect(metrics(whole).filter(({row}) => row !== undefined).length).to.be.greaterThan(4);
    });
  }

  it('with a schedule, which goes by the steps that are wanted', async () => {
    const set = ['recipe=gan', 'schedule=linear', 'schedule.warmup=0.2', 'steps=30'];
    const whole = await sameWhenStopped(set, 20);
    const rates = metrics(whole)
      .filter(({lr}) => lr !== undefined)
      .map(({lr}) => (lr as number) / 2e-3);
    expect(rates.slice(0, 6).map((rate) => rate.toFixed(3))).to.deep.equal([
      '0.167',
      '0.333',
      '0.500',
      '0.667',
      '0.833',
      '1.000',
    ]);
    expect(rates[15]).to.equal(1);
    expect(rates[29]).to.be.closeTo(1 / 15, 1e-9);
  });

  it("with schedules: Adam's momentum and the weight of a penalty are what they say in each step", async () => {
    const set = [
      'recipe=gan',
      'penalty=r1',
      'schedules=mom=cosine,penalty.r1.weight=linear',
      'schedules.mom.startValue=0.4',
      'schedules.mom.endValue=0.8',
      'schedules.penalty.r1.weight.from=0',
      'steps=16',
      'checkpointEvery=3',
      'keepCheckpoints=0',
    ];
    const whole = await sameWhenStopped(set, 7);
    for (const step of [3, 6, 9, 12, 15]) {
      const {optimizer, hyperparameters} = await readCheckpoint(
        path.join(whole, 'checkpoints', `step-${String(step).padStart(8, '0')}`),
      );
      const position = (step - 1) / 16;
      const mom = 0.8 + ((0.4 - 0.8) * (1 + Math.cos(Math.PI * position))) / 2;
      for (const hypers of optimizer!.hypers) expect(hypers['mom'], `step ${step}`).to.be.closeTo(mom, 1e-12);
      expect(hyperparameters!['penalty.r1.weight'], `step ${step}`).to.be.closeTo(1 - position, 1e-12);
    }
  });

  it('with the cosines of R3GAN: learning rate, second moment, gamma and probability, each from and to its value', async () => {
    const names = ['lr', 'sqrMom', 'penalty.r1.weight', 'penalty.r2.weight', 'augment.color.p'];
    const set = [
      'recipe=none',
      'loss=relativistic',
      'penalty=r1,r2',
      'penalty.r1.gamma=0.05',
      'penalty.r2.gamma=0.05',
      'augment=color',
      'augment.color.p=0',
      'lr=2e-4',
      'opt.mom=0',
      `schedules=${names.map((name) => `${name}=cosine`).join()}`,
      'schedules.lr.endValue=5e-5',
      'schedules.sqrMom.startValue=0.9',
      'schedules.sqrMom.endValue=0.99',
      'schedules.penalty.r1.weight.endValue=0.1',
      'schedules.penalty.r2.weight.endValue=0.1',
      'schedules.augment.color.p.endValue=0.3',
      'steps=12',
      'checkpointEvery=4',
      'keepCheckpoints=0',
    ];
    const whole = await sameWhenStopped(set, 6);
    for (const step of [4, 8]) {
      const folderOf = path.join(whole, 'checkpoints', `step-${String(step).padStart(8, '0')}`);
      const {optimizer, hyperparameters} = await readCheckpoint(folderOf);
      const done = (1 - Math.cos((Math.PI * (step - 1)) / 12)) / 2;
      const between = (from: number, to: number): number => from + (to - from) * done;
      for (const {lr, sqrMom} of optimizer!.hypers) {
        expect(lr, `step ${step}`).to.be.closeTo(between(2e-4, 5e-5), 1e-15);
        expect(sqrMom, `step ${step}`).to.be.closeTo(between(0.9, 0.99), 1e-12);
      }
      for (const name of ['r1', 'r2'])
        expect(0.05 * hyperparameters![`penalty.${name}.weight`]!).to.be.closeTo(between(0.05, 0.005), 1e-12);
      expect(hyperparameters!['augment.color.p']).to.be.closeTo(between(0, 0.3), 1e-12);
    }
  });

  it('an unknown hyperparameter is refused before the first step, with those that there are', async () => {
    const dir = path.join(folder(), 'run');
    const error = await ganError(() =>
      fit({device, dir, set: ['schedules=critic.moms=cosine', 'opt=adam', 'steps=2']}),
    );
    expect(error).to.include({code: 'GAN_HYPERPARAMETER', kind: 'config'});
    expect(error.suggestions!.join(' ')).to.contain("'critic.mom'").and.contain('sqrMom');
    expect(existsSync(dir)).to.equal(false);
  });

  it('at every place: in the middle of an epoch, at its end, before and after a turn of the generator', async () => {
    const set = ['recipe=wgan', 'switcher.nCrit=2', 'validPct=10'];
    const whole = path.join(folder(), 'run');
    await fit({device, dir: whole, set: [...set, 'steps=14']});
    const wanted = await results(whole);
    const parts = path.join(folder(), 'run');
    for (let step = 1; step <= 14; step++)
      await fit({device, dir: parts, set: [...set, `steps=${step}`], resume: step > 1});
    expectSame(await results(parts), wanted);
  });

  it('after a crash: from the last checkpoint, whose steps and epochs are not logged twice', async () => {
    const set = ['recipe=gan', 'validPct=10']; // 5 batches an epoch
    const whole = path.join(folder(), 'run');
    await fit({device, dir: whole, set: [...set, 'steps=18']});
    const wanted = await results(whole);
    for (const last of [10, 12]) {
      // the end of an epoch, and the middle of one
      const dir = path.join(folder(), 'run');
      await fit({device, dir, set: [...set, 'steps=17', `checkpointEvery=${last}`]});
      rmSync(newest(dir, 'checkpoints'), {recursive: true});
      appendFileSync(path.join(dir, 'metrics.jsonl'), '{"step":18,"epo');
      await fit({device, dir, set: [...set, 'steps=18'], resume: true});
      expectSame(await results(dir), wanted);
    }
  });

  it('whatever else a run writes on its way', async () => {
    const set = ['recipe=gan', 'arch=gan-critic', 'arch.nf=8', 'arch.nBlocks=1'];
    const [plain, busy] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: plain, set: [...set, 'steps=15']});
    await fit({device, dir: busy, set: [...set, 'steps=15', 'sampleEvery=2', 'checkpointEvery=3']});
    expectSame(await results(busy), await results(plain));
  });

  it('another seed gives another run', async () => {
    const [a, b] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: a, set: ['steps=4']});
    await fit({device, dir: b, set: ['steps=4', 'seed=1']});
    const [one, two] = [await results(a), await results(b)];
    for (const key of ['model', 'metrics', 'sample']) expect(two[key], key).to.not.deep.equal(one[key]);
  });
});
