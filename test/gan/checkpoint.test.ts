import {mkdir, readdir, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect} from 'chai';
import {
  adam,
  AdaptiveLoss,
  basicGenerator,
  bceWithLogits,
  FixedGANSwitcher,
  fromBatches,
  GANDiscriminativeLR,
  GANLearner,
  ganCritic,
  ganLossFromFunc,
  Learner,
  mse,
  readCheckpoint,
  restoreNetworks,
  resumeFrom,
  rmsProp,
  saveCheckpoint,
  setSeed,
  sgd,
  tf,
  type Callback,
  type Compat,
  type GANLearnerOptions,
} from 'gankit';
import {withDevice} from '../device.js';
import {allState, ganError, inFolder, latent, noiseBatches, numberLoaders, Scale} from './helpers.js';

const batches = 4;

/** A GAN with everything that has state: dropout, spectral and batch norm, Adam, counters, smoothed losses. */
function makeLearner(options: GANLearnerOptions = {}, seed = 11): GANLearner {
  const streams = setSeed(seed);
  const generator = basicGenerator(16, 1, {inSize: latent, nFeatures: 4});
  const critic = ganCritic({nChannels: 1, nf: 4, nBlocks: 1, p: 0.4});
  const data = {shape: [16, 16, 1]};
  const dls = fromBatches(noiseBatches(batches, data), {valid: noiseBatches(1, {...data, seed: 8})});
  const {genLossFunc, critLossFunc} = ganLossFromFunc(mse, new AdaptiveLoss(bceWithLogits).forward, [1, 0]);
  const learn = new GANLearner(dls, generator, critic, genLossFunc, critLossFunc, {
    optFunc: adam(),
    lr: 2e-3,
    clip: 0.3,
    switcher: FixedGANSwitcher((g) => 2 + (g % 2), 1),
    cbs: [new GANDiscriminativeLR(2)],
    streams,
    ...options,
  });
  learn.recorder!.trainMetrics = true;
  return learn;
}

interface Trained {
  model: Record<string, number[]>;
  optimizer: [string, number[]][];
  /** Mode, loss and rate of each step from the first on. */
  steps: string[];
  callbacks: unknown;
  rows: unknown[];
}

/** Trains three epochs of four steps, from a checkpoint if one is given; may write one after a step and end there. */
async function trained(
  make: () => GANLearner,
  {from, to, at}: {from?: string; to?: string; at?: number} = {},
): Promise<Trained> {
  const learn = make();
  const steps: string[] = [];
  const note: Callback = {
    name: 'note',
    runAfter: ['recorder'],
    async afterBatch({training, pendingLoss, opt, epoch, iter, step}) {
      if (!training) return;
      await learn.readLosses();
      steps.push(`${learn.pendingLoss!.turn} ${pendingLoss!.value} ${opt!.hypers[0]!.lr}`);
      if (to === undefined || step !== at) return;
      await saveCheckpoint(learn, to, {epoch, batch: iter + 1, step});
      learn.stop('saved');
    },
  };
  await learn.fit(3, undefined, {
    cbs: [note],
    ...(from !== undefined && resumeFrom(learn, await readCheckpoint(from))),
  });
  const optimizer = [...(await learn.opt!.stateDict(learn.parameterNames()))]
    .map(([name, {data}]): [string, number[]] => [name, Array.from(data, Number)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const {
    recorder: {elapsedMs: _, ...recorder},
    ...callbacks
  } = (await learn.callbackStates()) as {recorder: {elapsedMs: number}};
  const result = {
    model: await allState(learn.model),
    optimizer,
    steps,
    callbacks: {...callbacks, recorder},
    rows: learn.recorder!.rows.map(({epoch, values}) => [epoch, values]),
  };
  learn.dispose();
  return result;
}

describe('resuming from a checkpoint', () => {
  withDevice();

  for (const compat of ['none', 'fastai'] as Compat[]) {
    for (const [title, options] of [
      ['Adam', {}],
      ['RMSProp with momentum', {optFunc: rmsProp({mom: 0.5})}],
    ] as [string, GANLearnerOptions][]) {
      it(`goes on bit for bit from the middle of an epoch: ${title}, ${compat}`, async () => {
        await inFolder(async (dir) => {
          const make = (): GANLearner => makeLearner({compat, ...options});
          const whole = await trained(make);
          const path = join(dir, 'checkpoint');
          const first = await trained(make, {to: path, at: 7});
          const rest = await trained(make, {from: path});
          expect([first.steps.length, rest.steps.length]).to.deep.equal([7, 5]);
          expect([...first.steps, ...rest.steps]).to.deep.equal(whole.steps);
          expect(rest.model).to.deep.equal(whole.model);
          expect(rest.optimizer).to.deep.equal(whole.optimizer);
          expect(rest.callbacks).to.deep.equal(whole.callbacks);
          expect(rest.rows).to.deep.equal(whole.rows.slice(1));
        });
      });
    }
  }

  it('goes on bit for bit from the end of an epoch, before its validation', async () => {
    await inFolder(async (dir) => {
      const whole = await trained(makeLearner);
      const path = join(dir, 'checkpoint');
      await trained(makeLearner, {to: path, at: 8});
      const rest = await trained(makeLearner, {from: path});
      expect(rest.steps).to.deep.equal(whole.steps.slice(8));
      expect(rest.model).to.deep.equal(whole.model);
      expect(rest.rows).to.deep.equal(whole.rows.slice(1));
    });
  });

  it('would not without the state of dropout, so that the test above can see it', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      const whole = await trained(makeLearner);
      await trained(makeLearner, {to: path, at: 7});
      const file = join(path, 'state.json');
      const state = JSON.parse(await readFile(file, 'utf8')) as {
        streams: {dropout: {words: number[]}};
        checksum?: string;
      };
      delete state.checksum; // as in checkpoints of before there were checksums
      state.streams.dropout.words[0]! += 1;
      await writeFile(file, JSON.stringify(state));
      expect((await trained(makeLearner, {from: path})).model).to.not.deep.equal(whole.model);
    });
  });

  it('refuses another seed', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      await trained(makeLearner, {to: path, at: 2});
      const error = await ganError(() => trained(() => makeLearner({}, 12), {from: path}));
      expect(error).to.include({code: 'GAN_CHECKPOINT', kind: 'config'});
      expect(error.message).to.include('seed 11').and.include('12');
    });
  });
});

describe('checkpoints', () => {
  withDevice();

  /** A saved learner of one number. */
  async function saved(use: (path: string, learn: Learner) => Promise<void>): Promise<void> {
    await inFolder(async (dir) => {
      const learn = new Learner(
        numberLoaders([
          [1, 0],
          [2, 1],
        ]),
        new Scale(1),
        mse,
        {optFunc: adam(), lr: 0.1},
      );
      await learn.fit(1);
      const path = join(dir, 'checkpoint');
      await saveCheckpoint(learn, path, {epoch: 1, batch: 0, step: 2});
      await use(path, learn);
    });
  }

  it('are a folder of two files, with nothing beside it, whose JSON a person can read', async () => {
    await saved(async (path) => {
      expect((await readdir(path)).sort()).to.deep.equal(['state.json', 'tensors.safetensors']);
      expect(await readdir(join(path, '..'))).to.deep.equal(['checkpoint']);
      const state = JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as object;
      expect(state).to.include({format: 1}).and.have.deep.property('position', {epoch: 1, batch: 0, step: 2});
    });
  });

  it('hold weights, averages and counts by name', async () => {
    await saved(async (path) => {
      const {model, averages, position} = await readCheckpoint(path);
      expect([...model.keys()]).to.deep.equal(['weight']);
      expect([...averages.keys()].sort()).to.deep.equal(['weight.grad_avg', 'weight.sqr_avg', 'weight.step']);
      expect(averages.get('weight.step')!.data[0]).to.equal(2n);
      expect(position).to.deep.equal({epoch: 1, batch: 0, step: 2});
    });
  });

  it('replace one of the same name', async () => {
    await saved(async (path, learn) => {
      await learn.fit(1);
      await saveCheckpoint(learn, path, {epoch: 2, batch: 0, step: 4});
      expect((await readCheckpoint(path)).position.step).to.equal(4);
    });
  });

  it('take away what a crash left under the temporary name', async () => {
    await saved(async (path, learn) => {
      await mkdir(`${path}.${process.pid}.tmp`);
      await writeFile(join(`${path}.${process.pid}.tmp`, 'junk'), 'junk');
      await saveCheckpoint(learn, path, {epoch: 1, batch: 0, step: 2});
      expect((await readdir(path)).sort()).to.deep.equal(['state.json', 'tensors.safetensors']);
      expect(await readdir(join(path, '..'))).to.deep.equal(['checkpoint']);
    });
  });

  it('are not written when a value is not finite: the old one stays', async () => {
    await saved(async (path, learn) => {
      (learn.model as Scale).weight.variable.assign(tf.tensor([NaN]));
      const error = await ganError(() => saveCheckpoint(learn, path, {epoch: 1, batch: 1, step: 9}));
      expect(error).to.include({code: 'GAN_DIVERGED', kind: 'diverged'});
      expect(error.message).to.include('step 9').and.include('model.weight');
      expect((await readCheckpoint(path)).position.step).to.equal(2);
    });
  });

  it('hold no optimiser before the first fit', async () => {
    await inFolder(async (dir) => {
      const make = (weight: number): Learner => new Learner(numberLoaders([[1, 0]]), new Scale(weight), mse);
      await saveCheckpoint(make(3), join(dir, 'c'), {epoch: 0, batch: 0, step: 0});
      const other = make(1);
      restoreNetworks(other, await readCheckpoint(join(dir, 'c')));
      expect((other.model as Scale).value).to.equal(3);
      expect(other.opt).to.equal(undefined);
    });
  });

  it("bring back which parameters are frozen, and each group's hyperparameters", async () => {
    await saved(async (path, learn) => {
      learn.opt!.setHyper('lr', 0.7);
      (learn.model as Scale).weight.requiresGrad = false;
      learn.opt!.frozenIdx = 1;
      await saveCheckpoint(learn, path, {epoch: 1, batch: 0, step: 2});
      const other = new Learner(learn.dls, new Scale(5), mse, {optFunc: adam()});
      restoreNetworks(other, await readCheckpoint(path));
      expect((other.model as Scale).weight.requiresGrad).to.equal(false);
      expect(other.opt!.frozenIdx).to.equal(1);
      expect(other.opt!.hypers[0]).to.deep.equal(learn.opt!.hypers[0]);
    });
  });

  it('are refused by a learner with another optimiser or other groups', async () => {
    await saved(async (path, learn) => {
      for (const options of [{optFunc: sgd()}, {optFunc: adam(), splitter: () => [[], learn.model.parameters()]}]) {
        const error = await ganError(async () =>
          restoreNetworks(new Learner(learn.dls, learn.model, mse, options), await readCheckpoint(path)),
        );
        expect(error).to.include({code: 'GAN_CHECKPOINT', kind: 'config'});
        expect(error.message).to.include('adam with 1 parameter groups');
      }
    });
  });

  it('are refused by another network, which lists the tensors', async () => {
    await saved(async (path) => {
      const error = await ganError(async () => restoreNetworks(makeLearner(), await readCheckpoint(path)));
      expect(error).to.include({code: 'GAN_STATE_MISMATCH', kind: 'data'});
      expect(error.message).to.include('generator.1.0.weight: missing').and.include('... and');
    });
  });

  const damages: [string, (path: string) => Promise<void>, RegExp][] = [
    [
      'a changed byte',
      async (path) => {
        const file = join(path, 'tensors.safetensors');
        const bytes = await readFile(file);
        bytes[bytes.byteLength - 1]! ^= 1;
        await writeFile(file, bytes);
      },
      /tensors\.safetensors is damaged: its checksum is wrong/,
    ],
    [
      'a cut file',
      async (path) => {
        const file = join(path, 'tensors.safetensors');
        await writeFile(file, (await readFile(file)).subarray(0, 20));
      },
      /checksum is wrong/,
    ],
    [
      'cut JSON',
      async (path) => {
        const file = join(path, 'state.json');
        await writeFile(file, (await readFile(file)).subarray(0, 20));
      },
      /state\.json is no JSON/,
    ],
    ['JSON of another form', (path) => writeFile(join(path, 'state.json'), 'null'), /state\.json is no object/],
    [
      'a missing file',
      (path) => rename(join(path, 'tensors.safetensors'), join(path, 'away')),
      /tensors\.safetensors cannot be read/,
    ],
    [
      'a newer format',
      async (path) => {
        const file = join(path, 'state.json');
        await writeFile(file, JSON.stringify({...(JSON.parse(await readFile(file, 'utf8')) as object), format: 2}));
      },
      /it has format 2, this version of gan reads 1/,
    ],
  ];
  for (const [title, damage, text] of damages) {
    it(`with ${title} are refused, by name, with a way out`, async () => {
      await saved(async (path) => {
        await damage(path);
        const error = await ganError(() => readCheckpoint(path));
        expect(error).to.include({code: 'GAN_CHECKPOINT', kind: 'data'});
        expect(error.message).to.include(path).and.match(text);
        expect(error.suggestions).to.not.be.empty;
      });
    });
  }

  it('leave as many tensors as before when they are read and restored', async () => {
    await saved(async (path, learn) => {
      const before = tf.memory().numTensors;
      restoreNetworks(learn, await readCheckpoint(path));
      restoreNetworks(learn, await readCheckpoint(path));
      expect(tf.memory().numTensors).to.equal(before);
    });
  });
});
