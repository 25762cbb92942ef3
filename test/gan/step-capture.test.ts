import {expect} from 'chai';
import {
  adam,
  AdaptiveLoss,
  basicCritic,
  basicGenerator,
  bceWithLogits,
  fromBatches,
  GANDiscriminativeLR,
  ganCritic,
  GANLearner,
  ganLossFromFunc,
  Learner,
  LeakyReLU,
  mse,
  nn,
  repeatable,
  rmsProp,
  setFreezeModel,
  setSeed,
  sgd,
  streams,
  tf,
  wganLosses,
  FixedGANSwitcher,
  type Callback,
  type CaptureMode,
  type GANLearnerOptions,
  type Module,
  type OptimizerFactory,
  type Penalty,
  type Tensor,
} from 'gankit';
import {scheduleLearningRate} from '../../dist/gan/callbacks/schedule.js';
import {withDevice} from '../device.js';
import {allState, noiseBatches, numberLoaders, Scale} from './helpers.js';

const {genLossFunc, critLossFunc} = wganLosses;

interface Trained {
  losses: number[];
  state: unknown;
  images: number[][];
  /** Steps that were repeated, and why others were not. */
  repeated: number;
  refusals: readonly string[];
}

/** Trains and gives back everything that a step changes or shows. */
async function train(learn: GANLearner, steps = 50, cbs: Callback[] = []): Promise<Trained> {
  const losses: number[] = [];
  const images: number[][] = [];
  const note: Callback = {
    name: 'note',
    runAfter: ['recorder'],
    afterLossRead: ({lastLoss}) => void losses.push(lastLoss!.value),
    async afterBatch({pred}) {
      images.push(Array.from(await pred!.data()).slice(0, 5));
    },
  };
  await learn.fit(1, undefined, {cbs: [...cbs, note]});
  const averages = Object.fromEntries(
    [...(await learn.opt!.stateDict(learn.parameterNames()))].map(([name, {data}]) => [name, Array.from(data, Number)]),
  );
  const random = streams().dropout.save();
  const {repeated, refusals} = learn.capture;
  expect(losses.length).to.equal(steps);
  return {losses, state: {model: await allState(learn.model), averages, random}, images, repeated, refusals};
}

type Make = (options: GANLearnerOptions) => GANLearner;

const nets = (side: number, channels = 1): [Module, Module] => [
  basicGenerator(side, channels, {inSize: 4, nFeatures: 4, nExtraLayers: 1}),
  basicCritic(side, channels, {nFeatures: 4, nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)}),
];
const data = (steps = 50, side = 8) => fromBatches(noiseBatches(steps, {shape: [side, side, 1]}));

const wgan =
  (optFunc: OptimizerFactory, more: GANLearnerOptions = {}): Make =>
  (options) =>
    GANLearner.wgan(data(), ...nets(8), {optFunc, lr: 1e-3, ...more, ...options});

/** Penalties of both networks: of slopes, of random points between the images, of a few steps only. */
const penalties: Penalty[] = [
  {
    name: 'r1',
    network: 'critic',
    every: 4,
    compute: ({real}) => tf.mul(tf.sum(tf.square(real.slopes)), 2),
    repeatable: true,
  },
  {
    name: 'between',
    network: 'critic',
    every: 2,
    compute: ({real, fake, critic, random}) => {
      const mix = random.uniform([real.images.shape[0]!, 1, 1, 1]);
      const points = tf.add(fake.images, tf.mul(mix, tf.sub(real.images, fake.images)));
      return {scores: tf.mean(critic(points)), noise: tf.mul(tf.mean(critic(random.normal(points.shape))), 0.5)};
    },
    repeatable: true,
  },
  {
    name: 'size',
    network: 'generator',
    every: 3,
    compute: ({fake}) => tf.mul(tf.mean(tf.square(fake.images)), 0.3),
    repeatable: true,
  },
];

const trainings: Record<string, Make> = {
  'wgan with rmsProp': wgan(rmsProp()),
  'wgan with norms clipped': wgan(rmsProp({mom: 0.5}), {clipNorms: true}),
  'adam, each in turn, with metrics of the prediction': wgan(adam(), {
    switcher: FixedGANSwitcher(1, 1),
    metrics: {mean: (pred) => tf.mean(pred)},
  }),
  'sgd with momentum and decay in the gradient': wgan(sgd({mom: 0.9, wd: 0.1, decoupleWd: false})),
  'learning rates apart, decay on norms': wgan(adam({wd: 0.1}), {lr: [1e-3, 3e-3], wdBnBias: true}),
  'penalties, some of them every few steps': (options) => {
    const {critLossFunc: critic, genLossFunc: generator} = ganLossFromFunc(
      mse,
      new AdaptiveLoss(bceWithLogits).forward,
    );
    return new GANLearner(data(), ...nets(8), generator, critic, {optFunc: adam(), lr: 1e-3, penalties, ...options});
  },
  'as fastai does it': wgan(adam(), {compat: 'fastai', switcher: FixedGANSwitcher(2, 1)}),
  'spectral norm, attention and dropout': (options) => {
    const lossCrit = new AdaptiveLoss(bceWithLogits).forward;
    const losses = ganLossFromFunc(mse, lossCrit, [1, 1]);
    const [generator] = nets(16);
    const critic = ganCritic({nChannels: 1, nf: 4, nBlocks: 1});
    return new GANLearner(data(50, 16), generator, critic, losses.genLossFunc, losses.critLossFunc, {
      optFunc: adam({mom: 0, sqrMom: 0.99}),
      lr: 1e-3,
      ...options,
    });
  },
};

async function twice(make: Make, cbs: () => Callback[] = () => []): Promise<{eager: Trained; captured: Trained}> {
  const run = async (capture: CaptureMode): Promise<Trained> => {
    setSeed(11);
    const learn = make({capture});
    try {
      return await train(learn, 50, cbs());
    } finally {
      learn.dispose();
    }
  };
  return {eager: await run('off'), captured: await run('auto')};
}

function expectSame({eager, captured}: {eager: Trained; captured: Trained}): void {
  for (const key of ['losses', 'images', 'state'] as const) expect(captured[key], key).to.deep.equal(eager[key]);
}

describe('steps repeated from recordings', function () {
  this.timeout(60_000);
  withDevice();

  for (const [what, make] of Object.entries(trainings)) {
    it(`compute the same bits: ${what}`, async () => {
      const both = await twice(make);
      expectSame(both);
      expect(both.captured.refusals).to.deep.equal([]);
      expect(both.eager.repeated).to.equal(0);
      const kinds = what.startsWith('penalties') ? 5 : 2; // the critic's with two, one and no penalty, the generator's
      expect(both.captured.repeated).to.be.within(50 - kinds * 4, 50 - kinds * 2);
    });
  }

  it('compute the same bits with a learning rate that changes in every step', async () => {
    const both = await twice(wgan(adam()), () => [scheduleLearningRate(({position}) => 1 - position, 50)]);
    expectSame(both);
    expect(both.captured.repeated).to.be.greaterThan(40);
  });

  it('compute the same bits when networks, batch sizes and decay change on the way', async () => {
    const batches = [...noiseBatches(20), ...noiseBatches(15, {size: 3}), ...noiseBatches(15, {size: 2, seed: 8})];
    const change: Callback = {
      name: 'change',
      beforeBatch(learn) {
        if (learn.iter === 10) (learn as GANLearner).ganModel.critic!.eval();
        if (learn.iter === 30) learn.opt!.setHyper('wd', 0);
        if (learn.iter === 40) (learn as GANLearner).ganModel.critic!.parameters()[0]!.requiresGrad = false;
        if (learn.iter === 45)
          tf.tidy(() => learn.model.parameters().forEach(({variable}) => variable.assign(tf.mul(variable, 0.5))));
      },
    };
    const both = await twice(
      (options) => GANLearner.wgan(fromBatches(batches), ...nets(8), {optFunc: adam(), switchEval: false, ...options}),
      () => [change],
    );
    expectSame(both);
    expect(both.captured.refusals).to.deep.equal([]);
    expect(both.captured.repeated).to.be.greaterThan(10);
  });

  it('go on after weights and optimiser were loaded', async () => {
    const {captured, eager} = await twice(wgan(adam()), () => {
      let saved: Awaited<ReturnType<Module['stateDict']>>;
      let averages: typeof saved;
      return [
        {
          name: 'reload',
          async beforeBatch(learn) {
            if (learn.iter === 20)
              [saved, averages] = [await learn.model.stateDict(), await learn.opt!.stateDict(learn.parameterNames())];
            if (learn.iter !== 35) return;
            learn.model.loadStateDict(saved);
            learn.opt!.loadStateDict(averages, learn.parameterNames());
          },
        },
      ];
    });
    expectSame({captured, eager});
    expect(captured.repeated).to.be.greaterThan(30);
  });

  it('leave as many tensors as other steps, and hold nothing when the learner is done', async () => {
    setSeed(1);
    const before = {tensors: tf.memory().numTensors, ids: tf.backend().numDataIds()};
    const counts: number[] = [];
    const learn = wgan(adam())({capture: 'auto'});
    await learn.fit(1, undefined, {
      cbs: [{name: 'count', runAfter: ['recorder'], afterBatch: () => void counts.push(tf.backend().numDataIds())}],
    });
    expect(counts[49]).to.equal(counts[19]);
    learn.dispose();
    expect({tensors: tf.memory().numTensors, ids: tf.backend().numDataIds()}).to.deep.equal(before);
  });

  describe('are computed anew, and say why,', () => {
    const callback =
      (event: string): (() => Callback[]) =>
      () => [{name: 'watcher', [event]: () => {}}];
    const events = ['afterPred', 'afterLoss', 'beforeBackward', 'afterBackward', 'beforeStep', 'afterStep'];
    const refused = async (make: Make, cbs?: () => Callback[]): Promise<readonly string[]> => {
      const both = await twice(make, cbs);
      expectSame(both);
      expect(both.captured.repeated).to.equal(0);
      return both.captured.refusals;
    };
    const withLoss =
      (crit: typeof critLossFunc): Make =>
      (options) =>
        new GANLearner(data(), ...nets(8), genLossFunc, crit, {
          optFunc: rmsProp(),
          switcher: ({last}) => last,
          ...options,
        });

    for (const event of events) {
      it(`with a callback that has ${event}`, async () =>
        expect(await refused(wgan(rmsProp()), callback(event))).to.deep.equal([`the callback watcher has ${event}`]));
    }
    it('with a penalty that is not marked', async () => {
      const penalty: Penalty = {
        name: 'odd',
        network: 'critic',
        compute: ({real}) => tf.mul(tf.mean(real.scores), 0.1),
      };
      expect(await refused(wgan(rmsProp(), {penalties: [penalty]}))).to.deep.equal([
        'the penalty odd is not marked as repeatable',
      ]);
    });
    it('with GANDiscriminativeLR', async () =>
      expect(await refused(wgan(rmsProp()), () => [new GANDiscriminativeLR(3)])).to.match(
        /GANDiscriminativeLR|discriminative/,
      ));
    it('with an optimiser by tensors', async () => {
      const optFunc = nn.optimizer({
        name: 'sign',
        averages: () => [],
        update: (gradient, _averages, _step, {lr}) => ({delta: tf.mul(tf.sign(gradient), lr), averages: {}}),
      });
      expect(await refused(wgan(optFunc))).to.deep.equal(['the optimiser sign gives no coefficients']);
    });
    it('with a loss that is not marked', async () => {
      expect(await refused(withLoss((real, fake) => critLossFunc(real, fake)))).to.deep.equal([
        'the loss is not marked as repeatable',
      ]);
    });
    it('with a module that is not marked, though it is derived from one that is', async () => {
      class Odd extends LeakyReLU {}
      const make: Make = (options) =>
        GANLearner.wgan(data(), nets(8)[0], basicCritic(8, 1, {nFeatures: 4, actCls: () => new Odd(0.2)}), {
          optFunc: rmsProp(),
          ...options,
        });
      expect(await refused(make)).to.deep.equal(['the module Odd is not marked as repeatable']);
    });
    it('when a random stream is drawn from', async () => {
      const make: Make = (options) =>
        withLoss(
          repeatable((real: Tensor, fake: Tensor) =>
            tf.add(critLossFunc(real, fake), streams().dropout.float() < 2 ? 0 : 1),
          ),
        )(options);
      expect(await refused(make)).to.deep.equal(['it draws random numbers']);
    });
    it('when other values are uploaded each time', async () => {
      const make: Make = (options) => {
        let n = 0;
        return withLoss(repeatable((real: Tensor, fake: Tensor) => tf.mul(critLossFunc(real, fake), ++n)))(options);
      };
      expect(await refused(make)).to.deep.equal(['it uploads other values each time']);
    });
    it('when the operations change', async () => {
      const make: Make = (options) => {
        let n = 0;
        return withLoss(
          repeatable((real: Tensor, fake: Tensor) =>
            ++n % 2 === 0 ? tf.neg(tf.neg(critLossFunc(real, fake))) : critLossFunc(real, fake),
          ),
        )(options);
      };
      expect((await refused(make)).join()).to.match(/^it has \d+ kernels one time and \d+ the next$/);
    });
    it('when a tensor of the step is kept', async () => {
      const kept: Tensor[] = [];
      const make: Make = (options) =>
        withLoss(
          repeatable((real: Tensor, fake: Tensor) => {
            kept.push(tf.keep(tf.clone(fake)));
            return critLossFunc(real, fake);
          }),
        )(options);
      expect(await refused(make)).to.deep.equal(['something keeps a tensor that was made in it']);
      tf.dispose(kept);
    });
    it('when they read values', async () => {
      const make: Make = (options) =>
        withLoss(
          repeatable((real: Tensor, fake: Tensor) =>
            tf.add(critLossFunc(real, fake), real.dataSync().length > 0 ? 0 : 1),
          ),
        )(options);
      expect(await refused(make)).to.deep.equal(['it reads values']);
    });
    it('when it is switched off', async () =>
      expect((await twice(wgan(rmsProp()))).eager.refusals).to.deep.equal(['it is switched off']));
  });

  it('are there for any learner: a number learnt by hand', async () => {
    repeatable(Scale);
    const model = new Scale(1);
    const learn = new Learner(numberLoaders(Array.from({length: 10}, (): [number, number] => [1, 3])), model, mse, {
      optFunc: sgd(),
      lr: 0.25,
      capture: 'auto',
    });
    await learn.fit(1);
    expect(model.value).to.equal(3 - 2 * 0.5 ** 10); // each step halves the distance
    expect(learn.capture.repeated).to.equal(8);
    setFreezeModel(model, true);
    learn.dispose();
  });
});
