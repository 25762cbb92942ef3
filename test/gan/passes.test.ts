/** Steps whose gradients are accumulated over passes, and clipped. */
import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  fromBatches,
  GANLearner,
  LeakyReLU,
  Learner,
  mse,
  setSeed,
  sgd,
  tf,
  type Batch,
  type Callback,
  type GANLearnerOptions,
  type Penalty,
  type StepLoss,
} from 'gankit';
import {passesOver} from '../../dist/gan/passes.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {expectClose, withDevice} from '../device.js';
import {allState, ganError, latent, noiseBatches, numberLoaders, Scale} from './helpers.js';

const registry = openRegistry();
type Options = Record<string, unknown>;
const given = (options: Options) =>
  new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'a test'}]));
const penalty = async (name: string, options: Options): Promise<Penalty & {name: string}> => {
  const made = await registry.create('penalty', name, given(options));
  return {...made, name};
};

/** Networks in which no layer looks at several images. */
const networks = () =>
  [
    basicGenerator(8, 1, {inSize: latent, nFeatures: 4, normType: null}),
    basicCritic(8, 1, {nFeatures: 4, normType: null, actCls: () => new LeakyReLU(0.2)}),
  ] as const;

interface Trained {
  losses: number[];
  terms: (Readonly<Record<string, number>> | undefined)[];
  norms: (number | undefined)[];
  steps: number;
  pictures: number[];
  state: Record<string, number[]>;
  repeated: number;
  refusals: readonly string[];
}

/** Trains with all there is: penalties of both networks, lazy and with memories, and augmentations. */
async function train(batches: Batch[], options: GANLearnerOptions = {}, valid?: Batch[]): Promise<Trained> {
  setSeed(5);
  const loss: StepLoss = await registry.create('loss', 'logistic');
  const penalties: Penalty[] = [
    await penalty('r1', {gamma: 0.5, every: 2}),
    await penalty('r2', {gamma: 0.2}),
    await penalty('wgan-gp', {lambda: 0.3}),
    await penalty('lecam', {weight: 0.4, decay: 0.6, start: 2}),
    {name: 'size', network: 'generator', compute: ({fake}) => tf.mean(tf.square(fake.images)), repeatable: true},
  ];
  const [losses, terms, norms]: [number[], Trained['terms'], Trained['norms']] = [[], [], []];
  let pictures: number[] = [];
  const note: Callback = {
    name: 'note',
    afterLossRead({lastLoss}) {
      losses.push(lastLoss!.value);
      terms.push(lastLoss!.terms);
      norms.push(lastLoss!.gradNorm);
    },
    async afterBatch({pred}) {
      pictures = Array.from(await pred!.data());
    },
  };
  const learn = new GANLearner(fromBatches(batches, valid && {valid}), ...networks(), loss, {
    optFunc: sgd({mom: 0.5}),
    lr: 0.02,
    penalties,
    augmentations: [{name: 'paler', apply: (images) => tf.mul(images, 0.9), repeatable: true}],
    emaHalfLife: 100,
    cbs: [note],
    ...options,
  });
  try {
    await learn.fit(1);
    const state = {...(await allState(learn.model)), ...ofAverage(await learn.ema!.stateDict())};
    const {repeated, refusals} = learn.capture;
    return {losses, terms, norms, steps: learn.step, pictures, state, repeated, refusals};
  } finally {
    learn.dispose();
  }
}

const ofAverage = (state: ReadonlyMap<string, {data: ArrayLike<number | bigint>}>): Record<string, number[]> =>
  Object.fromEntries([...state].map(([name, {data}]) => [`average ${name}`, Array.from(data, Number)]));

/** Float32 to rounding: sums in another order, over a few steps. */
function expectNear(got: Trained, wanted: Trained): void {
  expect(got.steps).to.equal(wanted.steps);
  expectClose(got.losses, wanted.losses, 'sum', 'losses');
  expect(got.terms.map((each) => each && Object.keys(each))).to.deep.equal(
    wanted.terms.map((each) => each && Object.keys(each)),
  );
  const values = ({terms}: Trained): number[] => terms.flatMap((each) => Object.values(each ?? {}));
  expectClose(values(got), values(wanted), 'sum', 'terms');
  expectClose(got.pictures, wanted.pictures, 'sum', 'the last prediction');
  for (const [name, numbers] of Object.entries(wanted.state)) expectClose(got.state[name]!, numbers, 'sum', name);
}

describe('gradients accumulated over passes', function () {
  this.timeout(30_000);
  withDevice();
  before(() => registry.tensors.load());

  it('four passes of 8 images are a step of 32', async () => {
    const batches = noiseBatches(14, {size: 32});
    const [whole, passes] = [await train(batches), await train(batches, {accumulate: 4})];
    expectNear(passes, whole);
    expect(new Set(whole.terms.flatMap((each) => Object.keys(each ?? {})))).to.have.length(6);
    expect(whole.terms.some((each) => (each?.['lecam'] ?? 0) > 0)).to.equal(true);
    expect(passes.pictures).to.have.length(32 * 64);
    for (const {repeated, refusals} of [whole, passes]) {
      expect(refusals).to.deep.equal([]);
      expect(repeated).to.equal(whole.repeated);
      expect(repeated).to.be.at.least(14 - 3 * 3); // the critic's steps with and without R1, and the generator's
    }
  });

  it('repeated steps compute the same bits as others', async () => {
    const batches = noiseBatches(14, {size: 6});
    const {repeated: _, refusals: __, ...captured} = await train(batches, {accumulate: 3, gradClip: 1});
    const {repeated, refusals, ...eager} = await train(batches, {accumulate: 3, gradClip: 1, capture: 'off'});
    expect(captured).to.deep.equal(eager);
    expect([repeated, refusals]).to.deep.equal([0, ['it is switched off']]);
  });

  it('a batch that cannot be divided into equal parts counts each image once, in training and validation', async () => {
    const [batches, valid] = [noiseBatches(4, {size: 10}), noiseBatches(2, {size: 7, seed: 3})];
    const [whole, passes] = [await train(batches, {}, valid), await train(batches, {accumulate: 3}, valid)];
    expectNear(passes, whole);
    expect(passes.losses).to.have.length(4 + 2);
    expect(passesOver(10, 4)).to.deep.equal([
      {index: 0, count: 3, share: 0.4, from: 0, size: 4, of: {from: 0, count: 4, share: 1, total: 4}},
      {index: 1, count: 3, share: 0.4, from: 4, size: 4, of: {from: 0, count: 4, share: 1, total: 4}},
      {index: 2, count: 3, share: 0.2, from: 8, size: 2, of: {from: 0, count: 2, share: 1, total: 2}},
    ]);
  });

  it('random augmentations and Adam train, and leave no tensors', async () => {
    const augmentations = [
      await registry.create('augmentation', 'color'),
      await registry.create('augmentation', 'cutout'),
    ];
    const before = tf.memory().numTensors;
    const options = {accumulate: 2, augmentations: augmentations as GANLearnerOptions['augmentations'] & object};
    const trained = await train(noiseBatches(10, {size: 4}), {...options, optFunc: adam(), lr: 1e-3, gradClip: 5});
    expect(trained.losses.every(Number.isFinite)).to.equal(true);
    expect(trained.repeated).to.be.greaterThan(0);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('needs a whole number of passes', async () => {
    for (const accumulate of [0, -1, 1.5, NaN])
      expect(await ganError(() => new Learner(numberLoaders([[1, 1]]), new Scale(1), mse, {accumulate}))).to.include({
        code: 'GAN_ARGUMENT',
        message: `accumulate is ${accumulate}, wanted a whole number >= 1`,
      });
  });
});

describe('gradients clipped by their norm', function () {
  this.timeout(30_000);
  withDevice();
  before(() => registry.tensors.load());

  /** What one step of plain gradient descent at a rate of 1 takes from each number of the critic: the gradient. */
  async function gradient(options: GANLearnerOptions): Promise<{values: number[]; norm: number | undefined}> {
    setSeed(5);
    const before = await allState(networks()[1]);
    const {state, norms} = await train(noiseBatches(1, {size: 8}), {optFunc: sgd(), lr: 1, ...options});
    const values = Object.entries(state).flatMap(([name, after]) => {
      const own = before[name.replace(/^critic\./, '')];
      return name.startsWith('critic.') ? after.map((value, i) => own![i]! - value) : [];
    });
    return {values, norm: norms[0]};
  }

  it('are as long as wanted, in their direction; shorter ones stay as they are; the length before is told', async () => {
    const {values, norm} = await gradient({});
    expect(norm).to.equal(undefined);
    const length = Math.hypot(...values);
    for (const bound of [0.25 * length, 0.9 * length, 1.1 * length]) {
      for (const accumulate of [1, 2]) {
        const clipped = await gradient({gradClip: bound, accumulate});
        const share = Math.min(1, bound / (length + 1e-6)); // torch.nn.utils.clip_grad_norm_
        const scale = Math.max(...values.map(Math.abs));
        clipped.values.forEach((value, i) => expect(value).to.be.closeTo(values[i]! * share, 1e-5 * scale));
        expect(clipped.norm).to.be.closeTo(length, 1e-4 * length);
      }
    }
  });

  it('each network by itself, and the bound may be scheduled', async () => {
    const {norms} = await train(noiseBatches(8, {size: 4}), {gradClip: 1e-6, lr: 1e-3});
    expect(norms).to.have.length(8);
    expect(norms.every((norm) => norm! > 1e-3)).to.equal(true);
    const learn = new Learner(
      numberLoaders([
        [1, 3],
        [1, 3],
        [1, 3],
      ]),
      new Scale(1),
      mse,
      {
        optFunc: sgd(),
        lr: 0.25,
        gradClip: 1,
        cbs: [{name: 'halve', beforeBatch: ({iter, hyperparameters}) => hyperparameters.set('gradClip', 0.5 ** iter)}],
      },
    );
    await learn.fit(1);
    // a gradient of -2 (3 - w) is longer than the bounds 1, 0.5 and 0.25
    expect((learn.model as Scale).value).to.be.closeTo(1 + 0.25 * (1 + 0.5 + 0.25), 1e-5);
    learn.dispose();
  });

  it('need a bound above 0', async () => {
    for (const gradClip of [0, -1, NaN])
      expect(await ganError(() => new Learner(numberLoaders([[1, 1]]), new Scale(1), mse, {gradClip}))).to.include({
        code: 'GAN_ARGUMENT',
      });
  });
});
