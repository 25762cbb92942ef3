import {tf, type Tensor} from '../../backends/tf.js';
import {GanError} from '../../errors.js';
import type {GANModule} from '../gan-module.js';
import {isRepeatable, repeatable} from '../repeatable.js';
import {Rng} from '../rng.js';
import {PartRandom} from '../step-random.js';
import {streams} from '../streams.js';
import {SharedStep, type StepFacts, type TrainingStep} from '../training-step.js';
import type {LossFunction, StepLoss} from './loss.js';
import {namedTerms, sumOf, type Terms} from './terms.js';

/** The generator's loss, from the critic's scores of its images, the images, and the real images of the batch. */
export type GenLossFunction = (fakePred: Tensor, output: Tensor, target: Tensor) => Tensor;
/** The critic's loss, from its scores of real and of generated images. */
export type CritLossFunction = (realPred: Tensor, fakePred: Tensor) => Tensor;

/** A loss of whole steps from functions of scores and images. */
export function stepLoss(genLossFunc: GenLossFunction, critLossFunc: CritLossFunction): StepLoss {
  return {
    critic: ({real, fake}) => critLossFunc(real.scores, fake.scores),
    generator: ({real, fake}) => genLossFunc(fake.scores, fake.images, real.images),
    repeatable: [genLossFunc, critLossFunc].every(isRepeatable),
    realScores: critLossFunc === wganLosses.critLossFunc ? 'low' : 'high',
  };
}

/** The losses of both networks of a GANModule: of the one whose turn it is (fastai's GANLoss). */
export class GANLoss {
  readonly loss: StepLoss;
  readonly ganModel: GANModule;
  /** The latest values, once the learner has read them. */
  genLoss: number | undefined;
  critLoss: number | undefined;
  readonly #random = new PartRandom(new Rng(streams().seed).fork('loss'));

  constructor(loss: StepLoss, ganModel: GANModule);
  constructor(genLossFunc: GenLossFunction, critLossFunc: CritLossFunction, ganModel: GANModule);
  constructor(
    ...given:
      | [loss: StepLoss, ganModel: GANModule]
      | [genLossFunc: GenLossFunction, critLossFunc: CritLossFunction, ganModel: GANModule]
  ) {
    if (given.length === 2) [this.loss, this.ganModel] = given;
    else [this.loss, this.ganModel] = [stepLoss(given[0], given[1]), given[2]];
  }

  /** What the network whose turn it is minimises in a step. A scalar is the term `adversarial`. */
  terms(step: TrainingStep): Terms {
    return namedTerms(this.loss[step.turn](step), 'adversarial');
  }

  /** Computes `generator` in generator mode, and `critic` in critic mode. */
  readonly forward: LossFunction = (output, target) =>
    this.genMode ? this.generator(output, target) : this.critic(output, target);

  /** Loss of generated images `output`, given the critic's scores of them; `target` are the real ones. */
  generator(output: Tensor, target: Tensor): Tensor {
    return this.#sum({turn: 'generator', real: {images: target}, fake: {images: output}});
  }

  /**
   * Loss of the scores `realPred`, given those of images freshly generated from `input`. No gradient flows to the
   * generator.
   */
  critic(realPred: Tensor, input: Tensor): Tensor {
    return this.#sum({turn: 'critic', latents: input, real: {scores: realPred}, fake: {}});
  }

  #sum(facts: Omit<StepFacts, 'model' | 'progress'>): Tensor {
    const progress = {step: 0, steps: 1, position: 0, networkStep: 0, images: 0};
    const all = {...facts, model: this.ganModel, progress};
    return sumOf(SharedStep.terms(all, (step) => this.terms(step.view(this.#random))));
  }

  /** True if it is the generator's turn in the GANModule. */
  get genMode(): boolean {
    return this.ganModel.genMode;
  }

  /** Gives the turn to the generator or to the critic, in the GANModule; without an argument, to the other one. */
  switch(genMode?: boolean): void {
    this.ganModel.switch(genMode);
  }
}

/**
 * Expands the target of a loss to the shape of its prediction: the target [n] is repeated over the scores [n, m]
 * (fastai's AdaptiveLoss).
 */
export class AdaptiveLoss {
  readonly crit: LossFunction;

  constructor(crit: LossFunction) {
    this.crit = crit;
    if (isRepeatable(crit)) repeatable(this.forward);
  }

  readonly forward: LossFunction = (output, target) => this.crit(output, expand('AdaptiveLoss', target, output));
}

/**
 * Share of scores on the right side of `thresh`, where the target [n] holds for all scores [n, m] of an image (fastai's
 * accuracy_thresh_expand).
 */
export function accuracyThreshExpand(pred: Tensor, target: Tensor, thresh = 0.5, sigmoid = true): Tensor {
  const above = tf.cast(tf.greater(sigmoid ? tf.sigmoid(pred) : pred, thresh), 'float32');
  return tf.mean(tf.cast(tf.equal(above, expand('accuracyThreshExpand', target, pred)), 'float32'));
}

/** [n] -> [n, 1, ...] repeated to the shape of `like`. @throws GanError GAN_SHAPE for another target */
function expand(who: string, target: Tensor, like: Tensor): Tensor {
  if (target.size !== like.shape[0])
    throw new GanError(
      'usage',
      'GAN_SHAPE',
      `${who}: the output has the shape [${like.shape.join(', ')}] and the target [${target.shape.join(', ')}]; wanted a target for each of its ${like.shape[0] ?? 1} rows`,
      {suggestions: [`give it a target of shape [${like.shape[0] ?? 1}]`]},
    );
  const column = tf.reshape(tf.cast(target, 'float32'), [target.size, ...new Array<number>(like.rank - 1).fill(1)]);
  return tf.broadcastTo(column, like.shape);
}

export interface GanLosses {
  genLossFunc: GenLossFunction;
  critLossFunc: CritLossFunction;
}

/**
 * The losses of a GAN from the losses that its two networks were trained with apart (fastai's gan_loss_from_func).
 * Generator: w0 lossCrit(scores of fakes, 1) + w1 lossGen(output, target). Critic: mean of lossCrit on reals as 1 and
 * on fakes as 0. The labels have shape [n]: `lossCrit` must repeat them over the scores, as AdaptiveLoss does.
 */
export function ganLossFromFunc(
  lossGen: LossFunction,
  lossCrit: LossFunction,
  weightsGen: readonly [number, number] = [1, 1],
): GanLosses {
  const [critWeight, genWeight] = weightsGen;
  const labels = (scores: Tensor, value: number): Tensor => tf.fill([scores.shape[0]], value);
  const losses: GanLosses = {
    genLossFunc(fakePred, output, target) {
      const adversarial = tf.mul(lossCrit(fakePred, labels(fakePred, 1)), critWeight);
      return genWeight === 0 ? adversarial : tf.add(adversarial, tf.mul(lossGen(output, target), genWeight));
    },
    critLossFunc: (realPred, fakePred) =>
      tf.div(tf.add(lossCrit(realPred, labels(realPred, 1)), lossCrit(fakePred, labels(fakePred, 0))), 2),
  };
  if (isRepeatable(lossCrit) && (genWeight === 0 || isRepeatable(lossGen))) Object.values(losses).forEach(repeatable);
  return losses;
}

/**
 * The losses of a Wasserstein GAN as fastai has them: the critic minimises mean(real) - mean(fake), the generator
 * mean(fake). Real images therefore score LOW: the opposite sign of the paper (arXiv 1701.07875), equivalent to it.
 */
export const wganLosses: GanLosses = {
  genLossFunc: repeatable((fakePred) => tf.mean(fakePred)),
  critLossFunc: repeatable((realPred, fakePred) => tf.sub(tf.mean(realPred), tf.mean(fakePred))),
};
