import {tf, type Tensor} from '../../backends/tf.js';
import type {Callback} from '../callback.js';
import type {GANLearner} from '../gan-learner.js';
import {Rng} from '../rng.js';

/** What a penalty sees of a critic's step. Images are NHWC, normalised as the networks see them. */
export interface PenaltyFacts {
  /** Scores of images, [batch, height, width, channels] -> [batch, ...]; on the tape, and differentiable twice. */
  critic(images: Tensor): Tensor;
  /** The batch's real images. */
  real: Tensor;
  /** As many generated ones; constants. */
  fake: Tensor;
  /** A stream for this step alone: it depends on the run's seed and on `step`. */
  rng: Rng;
  /** The critic's steps before this one. */
  step: number;
}

/** A scalar that is added to the critic's loss; undefined in steps that it leaves out. */
export type Penalty = (facts: PenaltyFacts) => Tensor | undefined;

/** Adds a penalty to the loss of each of the critic's steps. */
export function penalise({ganTrainer, ganLoss, ganModel}: GANLearner, penalty: Penalty): Callback {
  const critic = ganModel.network('critic');
  let step = 0;
  return {
    name: 'penalty',
    beforeFit() {
      step = 0;
    },
    afterLoss(learn) {
      if (!learn.training || ganTrainer.turn !== 'critic') return;
      const rng = new Rng(learn.streams.seed).fork('penalty', step);
      const value = penalty({
        critic: (images) => critic.forward(images),
        real: learn.input!,
        fake: ganLoss.fake!,
        rng,
        step,
      });
      step++;
      if (value !== undefined) learn.loss = tf.add(learn.loss!, value);
    },
    save: () => ({step}),
    load(state) {
      ({step} = state as {step: number});
    },
  };
}
