import {join} from 'node:path';
import {expect} from 'chai';
import {
  adam,
  FixedGANSwitcher,
  fromBatches,
  GANLearner,
  Optimizer,
  Parameter,
  readCheckpoint,
  restoreNetworks,
  resumeFrom,
  rmsProp,
  saveCheckpoint,
  setSeed,
  sgd,
  tf,
  wganLosses,
  type Callback,
  type GANLearnerOptions,
  type OptimizerFactory,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {allState, ganError, inFolder, noiseBatches, tinyNets, valuesOf} from '../helpers.js';

const {genLossFunc, critLossFunc} = wganLosses;

function makeLearner(options: GANLearnerOptions = {}, steps = 6): GANLearner {
  const streams = setSeed(3);
  const {generator, critic} = tinyNets(3);
  return new GANLearner(fromBatches(noiseBatches(steps)), generator, critic, genLossFunc, critLossFunc, {
    switcher: FixedGANSwitcher(1, 1),
    streams,
    ...options,
  });
}

/** What a step has done to the parameters of one network, beside the gradients that it had. */
interface Move {
  network: string;
  before: number[];
  gradient: number[];
  after: number[];
}

async function moves(learn: GANLearner): Promise<Move[]> {
  const all: Move[] = [];
  let stepping: Parameter[] = [];
  const now = (): number[] => stepping.flatMap(({variable}) => valuesOf(variable));
  const note: Callback = {
    name: 'note',
    beforeStep({gradients}) {
      stepping = [...gradients.keys()];
      const gradient = [...gradients.values()].flatMap(valuesOf);
      all.push({network: learn.ganTrainer.turn, before: now(), gradient, after: []});
    },
    afterStep: () => void (all.at(-1)!.after = now()),
  };
  await learn.fit(1, undefined, {cbs: [note]});
  learn.dispose();
  return all;
}

describe('an optimiser of several rules', () => {
  withDevice();

  /** Parameters of two groups after some steps with one optimiser over both, or with two. */
  function stepped(factories: [OptimizerFactory, OptimizerFactory], joined: boolean): number[][] {
    const parameters = [0, 1].map((i) => new Parameter(Float32Array.of(0.5 - i, -2, 0.01), [3]));
    const parts = factories.map((factory, i) => factory([[parameters[i]!]], 0.1 / (i + 1)));
    const optimizers = joined ? [Optimizer.join(parts)] : parts;
    for (let step = 1; step <= 4; step++) {
      const gradients = new Map(parameters.map((parameter, i) => [parameter, tf.tensor([0.3 * step, -i, 0.002])]));
      for (const opt of optimizers)
        opt.step(new Map([...gradients].filter(([parameter]) => opt.parameters().includes(parameter))));
    }
    return parameters.map(({variable}) => valuesOf(variable));
  }

  const byTensors: OptimizerFactory = (groups, lr) =>
    new Optimizer(
      groups,
      {name: 'half', averages: () => [], update: (g, _, __, {lr}) => ({delta: tf.mul(g, lr / 2), averages: {}})},
      {lr, wd: 0},
    );

  for (const [title, factories] of [
    ['Adam and RMSProp', [adam(), rmsProp({mom: 0.5})]],
    ['decay apart from the gradient and added to it', [sgd({wd: 0.1}), sgd({wd: 0.2, decoupleWd: false})]],
    ['a rule by coefficients and one by tensors', [adam(), byTensors]],
  ] as [string, [OptimizerFactory, OptimizerFactory]][]) {
    it(`does to each group what an optimiser of its own does: ${title}`, () => {
      expect(stepped(factories, true)).to.deep.equal(stepped(factories, false));
    });
  }

  it('names its rule, or all of them where they differ', () => {
    const one = (factory: OptimizerFactory): Optimizer => factory([[new Parameter(Float32Array.of(1), [1])]], 1);
    expect(Optimizer.join([one(sgd()), one(sgd())]).ruleName).to.equal('sgd');
    expect(Optimizer.join([one(sgd()), one(adam())]).ruleName).to.equal('sgd,adam');
  });
});

describe('a GAN with an optimiser and a learning rate for each network', () => {
  withDevice();

  for (const compat of ['none', 'fastai'] as const) {
    it(`moves each by its own rate, compat ${compat}`, async () => {
      const optFunc = sgd();
      const all = await moves(makeLearner({optFunc, lr: 0.1, criticLr: 0.4, compat}));
      expect(new Set(all.map(({network}) => network))).to.deep.equal(new Set(['critic', 'generator']));
      for (const {network, before, gradient, after} of all) {
        const rate = network === 'critic' ? 0.4 : 0.1;
        expectClose(
          after,
          before.map((value, i) => value - rate * gradient[i]!),
          'sum',
          network,
        );
      }
    });
  }

  it('moves each by its own rule: the first step of Adam is one of size lr, that of SGD follows the gradient', async () => {
    const optFunc = adam({eps: 0, wd: 0});
    const all = await moves(makeLearner({optFunc, criticOptFunc: sgd(), lr: 0.01, criticLr: 0.5}, 2));
    for (const {network, before, gradient, after} of all)
      expectClose(
        after,
        before.map((value, i) =>
          network === 'critic' ? value - 0.5 * gradient[i]! : value - 0.01 * Math.sign(gradient[i]!),
        ),
        'sum',
        network,
      );
  });

  it('goes on bit for bit from a checkpoint, and its steps may be repeated from recordings', async () => {
    const options = {optFunc: adam({mom: 0.5}), criticOptFunc: rmsProp({mom: 0.3}), lr: 1e-3, criticLr: 4e-3};
    const run = async (
      more: GANLearnerOptions,
      {from, to}: {from?: string; to?: string} = {},
    ): Promise<{state: unknown; repeated: number}> => {
      const learn = makeLearner({...options, ...more}, 20);
      const save: Callback = {
        name: 'save',
        async afterBatch({epoch, iter, step}) {
          if (to === undefined || step !== 9) return;
          await saveCheckpoint(learn, to, {epoch, batch: iter + 1, step});
          learn.stop('saved');
        },
      };
      await learn.fit(1, undefined, {
        cbs: [save],
        ...(from !== undefined && resumeFrom(learn, await readCheckpoint(from))),
      });
      const averages = Object.fromEntries(
        [...(await learn.opt!.stateDict(learn.parameterNames()))].map(([name, {data}]) => [
          name,
          Array.from(data, Number),
        ]),
      );
      const result = {
        state: [await allState(learn.model), averages, learn.opt!.hypers],
        repeated: learn.capture.repeated,
      };
      learn.dispose();
      return result;
    };
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      const whole = await run({capture: 'off'});
      await run({}, {to: path});
      const [rest, captured] = [await run({}, {from: path}), await run({})];
      expect(rest.state).to.deep.equal(whole.state);
      expect(captured.state).to.deep.equal(whole.state);
      expect(captured.repeated).to.be.greaterThan(10);
      const other = makeLearner({...options, criticOptFunc: sgd()});
      const error = await ganError(async () => restoreNetworks(other, await readCheckpoint(path)));
      expect(error.message).to.include('adam,rmsprop').and.include('adam,sgd');
      other.dispose();
    });
  });

  it('refuses a rate of the critic where the groups are not the networks', async () => {
    const splitter: GANLearnerOptions['splitter'] = (model) => [model.parameters()];
    expect((await ganError(() => makeLearner({criticLr: 0.1, splitter}))).code).to.equal('GAN_ARGUMENT');
    expect((await ganError(() => makeLearner({criticLr: 0.1, lr: [0.1, 0.2]}))).code).to.equal('GAN_ARGUMENT');
  });
});
