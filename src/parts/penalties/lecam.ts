import type {Gan, TrainingStep} from '../../plugin/index.js';

/** The averages of the scores of both kinds of images, biased towards 0, where they start. */
interface Averages {
  real: number;
  fake: number;
}

/**
 * LeCam regularisation (arXiv 2104.03310, equation 4, with the positive parts of the authors' program): weight times
 * (mean relu(D(real) - a_fake)^2 + mean relu(a_real - D(fake))^2), where a_real and a_fake are moving averages of the
 * critic's scores. It costs when scores run away from those of the other kind of images, as they do when the critic
 * learns few images by heart. The averages are those of the critic's steps before this one, without the bias of their
 * start at 0, as in Adam.
 *
 * It is for losses under which real images score high.
 */
export default ({penalty, nn, opt, tf}: Gan) =>
  penalty({
    name: 'lecam',
    summary: 'LeCam: keeps scores near the average scores of the other kind of images (arXiv 2104.03310).',
    options: {
      weight: opt.num(0.3, {min: 0, help: "weight; the paper's 0.3 is for BigGAN's hinge loss"}),
      decay: opt.num(0.99, {min: 0, max: 1, help: 'share of the averages that stays in each critic step'}),
      start: opt.int(1000, {min: 0, help: 'critic steps before the penalty counts; meanwhile the averages form'}),
    },
    create({weight, decay, start}) {
      const variable = (value = 0) => tf.tidy(() => tf.variable(tf.scalar(value), false));
      const variables = ({real, fake}: Averages) => ({
        real: {biased: variable(real), before: variable()},
        fake: {biased: variable(fake), before: variable()},
      });
      /** Critic steps that the averages hold, this one included as soon as it has begun. */
      let steps = 0;
      let averages: ReturnType<typeof variables> | undefined;
      const parts = () => Object.values(averages ?? {}).flatMap((one) => Object.values(one));

      /** What a step's first pass does: the averages of the steps before, and room for the scores of this one. */
      function begin({real, fake}: ReturnType<typeof variables>): void {
        const unbias = nn.perStepTensor(() => Float32Array.of(1 / (1 - decay ** steps++ || 1)), []);
        for (const {biased, before} of [real, fake]) {
          before.assign(tf.mul(biased, unbias));
          biased.assign(tf.mul(biased, decay));
        }
      }

      return {
        network: 'critic',
        compute({real, fake, pass}: TrainingStep) {
          const {real: ofReal, fake: ofFake} = (averages ??= variables({real: 0, fake: 0}));
          if (pass.index === 0) begin({real: ofReal, fake: ofFake});
          for (const [{biased}, {scores}] of [
            [ofReal, real],
            [ofFake, fake],
          ] as const)
            biased.assign(tf.add(biased, nn.sumOverRanks(tf.mul(tf.mean(scores), (1 - decay) * pass.share))));
          const now = nn.perStepTensor(() => Float32Array.of(steps > Math.max(start, 1) ? weight : 0), []);
          const tooHigh = tf.relu(tf.sub(real.scores, ofFake.before));
          const tooLow = tf.relu(tf.sub(ofReal.before, fake.scores));
          return tf.mul(tf.add(tf.mean(tf.square(tooHigh)), tf.mean(tf.square(tooLow))), now);
        },
        repeatable: true,
        async save() {
          const value = async (one: 'real' | 'fake') => (averages ? (await averages[one].biased.data())[0]! : 0);
          return {steps, real: await value('real'), fake: await value('fake')};
        },
        load(state) {
          const saved = state as Averages & {steps: number};
          tf.dispose(parts());
          steps = saved.steps;
          averages = variables(saved);
        },
        dispose() {
          tf.dispose(parts());
          averages = undefined;
        },
      };
    },
  });
