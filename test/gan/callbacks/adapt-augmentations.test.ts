import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  fromBatches,
  GANLearner,
  setSeed,
  stepLoss,
  tf,
  wganLosses,
  type Callback,
  type CriticAugmentation,
  type GANLearnerOptions,
  type StepLoss,
} from 'gankit';
import {withDevice} from '../../device.js';
import {latent, noiseBatches, side} from '../helpers.js';

const [batch, steps] = [2, 40];

/** Shifts images by what it draws. */
const shift = (adapt?: CriticAugmentation['adapt'], p = 0.5): CriticAugmentation => ({
  name: 'shift',
  p,
  repeatable: true,
  ...(adapt && {adapt}),
  apply: (x, draw) => tf.add(x, draw.uniform(-0.1, 0.1, 0)),
});

const high: StepLoss = {
  critic: ({real, fake}) => tf.sub(tf.mean(fake.scores), tf.mean(real.scores)),
  generator: ({fake}) => tf.neg(tf.mean(fake.scores)),
  repeatable: true,
};

interface Seen {
  /** Of each critic step: its number among all steps, and the mean sign of the scores of the real images. */
  signs: {step: number; sign: number}[];
  /** The probability in each step. */
  p: number[];
  repeated: number;
}

async function trained(loss: StepLoss, options: GANLearnerOptions, more: Callback[] = []): Promise<Seen> {
  const streams = setSeed(3);
  const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
  const critic = basicCritic(side, 1, {nFeatures: 4, normType: null});
  const learn = new GANLearner(fromBatches(noiseBatches(steps, {size: batch})), generator, critic, loss, {
    optFunc: adam(),
    lr: 3e-3,
    streams,
    ...options,
  });
  const seen: Seen = {signs: [], p: [], repeated: 0};
  const watch: Callback = {
    name: 'watch',
    runBefore: ['switcher'],
    afterBatch({pendingLoss, pred, step}) {
      if (pendingLoss!.turn !== 'critic') return;
      const scores = Array.from(pred!.dataSync());
      seen.signs.push({step, sign: scores.reduce((sum, score) => sum + Math.sign(score), 0) / scores.length});
    },
    afterLossRead({lastLoss}) {
      seen.p.push(lastLoss!.hyperparameters?.['augment.shift.p'] ?? NaN);
    },
  };
  try {
    await learn.fit(1, undefined, {cbs: [watch, ...more]});
    seen.repeated = learn.capture.repeated;
  } finally {
    learn.dispose();
  }
  return seen;
}

/** The probability in each step by the definition: signs count from the step after the next one. */
function wantedP(
  {signs}: Seen,
  {target, kimg, interval}: NonNullable<CriticAugmentation['adapt']>,
  realSide: 1 | -1,
  p = 0.5,
): number[] {
  return Array.from({length: steps}, (_, before) => {
    const known = signs.filter(({step}) => step < before);
    let now = p;
    for (let i = interval; i <= known.length; i += interval) {
      const mean = known.slice(i - interval, i).reduce((sum, {sign}) => sum + realSide * sign, 0) / interval;
      now = Math.min(1, Math.max(0, now + Math.sign(mean - target) * ((batch * interval) / (kimg * 1000))));
    }
    return now;
  });
}

describe('the controller of augmentations', function () {
  this.timeout(60_000);
  withDevice();
  const adapt = {target: 0.2, kimg: 0.04, interval: 3};

  for (const [what, loss, realSide] of [
    ['high', high, 1],
    ["low, as with fastai's losses of a WGAN", stepLoss(wganLosses.genLossFunc, wganLosses.critLossFunc), -1],
  ] as const)
    it(`moves the probability by the signs of the scores of real images, which are ${what}`, async () => {
      const seen = await trained(loss, {augmentations: [shift(adapt)]});
      const wanted = wantedP(seen, adapt, realSide);
      expect(seen.p).to.have.length(steps);
      seen.p.forEach((p, i) => expect(p, `step ${i}`).to.be.closeTo(wanted[i]!, 1e-9));
      expect(new Set(seen.p.map((p) => p.toFixed(6))).size).to.be.greaterThan(2);
      expect(seen.repeated).to.be.greaterThan(steps / 2);
      // the other side would have moved it elsewhere
      expect(wantedP(seen, adapt, realSide === 1 ? -1 : 1)).to.not.deep.equal(wanted);
    });

  it('gives the same when the loss of each step is waited for, and when no step is repeated', async () => {
    const [usual, waiting, eager] = [
      await trained(high, {augmentations: [shift(adapt)]}),
      await trained(high, {augmentations: [shift(adapt)]}, [
        {name: 'waiting', runAfter: ['watch'], afterBatch: (learn) => learn.readLosses()},
      ]),
      await trained(high, {augmentations: [shift(adapt)], capture: 'off'}),
    ];
    expect(waiting.p).to.deep.equal(usual.p);
    expect(eager.p).to.deep.equal(usual.p);
    expect(eager.repeated).to.equal(0);
  });

  it('keeps the probability between 0 and 1, and leaves those alone that do not adapt', async () => {
    const fast = {target: 0, kimg: 0.004, interval: 1};
    const {p} = await trained(high, {augmentations: [shift({...fast, target: 1}, 0.3)]});
    expect(Math.min(...p)).to.equal(0);
    expect(Math.max(...p)).to.equal(0.3);
    const fixed = await trained(high, {augmentations: [shift()]});
    expect(fixed.p.every(Number.isNaN)).to.equal(true); // not logged either
  });

  it('frees what it has not read when a fit fails', async () => {
    const before = tf.memory().numTensors;
    const failing: Callback = {
      name: 'failing',
      beforeBatch({step}) {
        if (step === 5) throw new Error('on purpose');
      },
    };
    const failed = await trained(high, {augmentations: [shift(adapt)]}, [failing]).catch((error: Error) => error);
    expect(failed).to.be.an('error').with.property('message', 'on purpose');
    expect(tf.memory().numTensors).to.equal(before);
  });
});
