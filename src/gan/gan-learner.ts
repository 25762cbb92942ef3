import {join} from 'node:path';
import {GanError} from '../errors.js';
import {tf, type Tensor} from '../backends/tf.js';
import {CriticAugmentations, type CriticAugmentation} from './augmentations/critic-augmentation.js';
import type {Callback} from './callback.js';
import {AdaptAugmentations} from './callbacks/adapt-augmentations.js';
import {GANTrainer} from './callbacks/gan-trainer.js';
import {showImages} from './callbacks/show-images.js';
import {writePng} from './data/grid.js';
import type {DataLoader, DataLoaders, HostTensor} from './data/types.js';
import {inEvalMode} from './eval-mode.js';
import {GANModule} from './gan-module.js';
import {trainableParameters} from './groups.js';
import {Learner, type LearnerOptions} from './learner.js';
import {
  GANLoss,
  ganLossFromFunc,
  stepLoss,
  wganLosses,
  type CritLossFunction,
  type GenLossFunction,
} from './losses/gan-loss.js';
import type {StepLoss} from './losses/loss.js';
import type {Terms} from './losses/terms.js';
import {ganLossMetrics} from './metrics/gan-losses.js';
import {metricMaker} from './metrics/metric.js';
import type {Module} from './module.js';
import {WeightAverage} from './optim/ema.js';
import {Optimizer, type Hypers, type OptimizerFactory} from './optim/optimizer.js';
import {adam} from './optim/rules.js';
import {isDue, penaltyNames, penaltyTerms, PenaltyWeight, type Penalty} from './penalties/penalty.js';
import {isRepeatable} from './repeatable.js';
import {firstOf, resultsOf, type Results} from './results.js';
import {Rng} from './rng.js';
import {PartRandom} from './step-random.js';
import {FixedGANSwitcher, Switching} from './switchers/gan-switchers.js';
import type {Switcher, Turn} from './switchers/switcher.js';
import {SharedStep, type StepFacts} from './training-step.js';
import {upload, uploadLabels} from './upload.js';

export interface GANLearnerOptions extends LearnerOptions {
  /** Decides who trains next. Default: one step each. */
  switcher?: Switcher;
  /** What the networks minimise beside the loss. */
  penalties?: readonly Penalty[];
  /** Begin with the generator. */
  genFirst?: boolean;
  /** Put the network that is not being trained into eval mode; true. */
  switchEval?: boolean;
  /** Write the generator's images to `<path>/images` after each epoch; false. */
  showImg?: boolean;
  /** Bound of the critic's weights. */
  clip?: number;
  /** Whether to clip the critic's norm layers too. Default false. */
  clipNorms?: boolean;
  /** The critic's optimiser, when it differs from the generator's (`optFunc`). */
  criticOptFunc?: OptimizerFactory;
  /**
   * The critic's learning rate, when it differs from the generator's (`lr`): two time scales, arXiv 1706.08500. Not
   * together with `splitter`.
   */
  criticLr?: number;
  /**
   * Half-life, in images, of an average of the generator's weights over its training steps (see `WeightAverage`); 0,
   * the default, keeps
   * none. What is drawn, `generate` and image metrics then use the average; the training does not.
   */
  emaHalfLife?: number;
  /** Changes of all images that the critic sees in training, one after the other. */
  augmentations?: readonly CriticAugmentation[];
  /** Smoothing of the two losses; 0.98. */
  beta?: number;
}

/**
 * A Learner for a generator and a critic (fastai's GANLearner). Each step trains one of the two on a batch of (input,
 * real image); a switcher decides which. Unless a splitter is given there are two parameter groups: the generator's,
 * the critic's.
 */
export class GANLearner extends Learner {
  readonly ganModel: GANModule;
  readonly ganLoss: GANLoss;
  readonly ganTrainer: GANTrainer;
  readonly penalties: readonly Penalty[];
  readonly #switching: Switching;
  readonly #penaltyNames: readonly string[];
  readonly #penaltyWeights: readonly PenaltyWeight[];
  /** The random numbers of the loss, and of each penalty. */
  readonly #lossRandom: PartRandom;
  readonly #penaltyRandom: readonly PartRandom[];
  readonly #augmentations: CriticAugmentations | undefined;

  /** @param loss sees the whole step; fastai's two functions do as well */
  constructor(dls: DataLoaders, generator: Module, critic: Module, loss: StepLoss, options?: GANLearnerOptions);
  constructor(
    dls: DataLoaders,
    generator: Module,
    critic: Module,
    genLossFunc: GenLossFunction,
    critLossFunc: CritLossFunction,
    options?: GANLearnerOptions,
  );
  constructor(
    dls: DataLoaders,
    generator: Module,
    critic: Module,
    first: StepLoss | GenLossFunction,
    second?: CritLossFunction | GANLearnerOptions,
    third?: GANLearnerOptions,
  ) {
    const isPair = typeof first === 'function';
    const given = isPair ? stepLoss(first, second as CritLossFunction) : first;
    const options = (isPair ? third : (second as GANLearnerOptions | undefined)) ?? {};
    const {
      switcher = FixedGANSwitcher(1, 1),
      genFirst = false,
      switchEval = true,
      penalties = [],
      showImg = false,
      clip,
      clipNorms = false,
      beta,
      metrics,
      criticOptFunc,
      criticLr,
      emaHalfLife = 0,
      augmentations = [],
      ...rest
    } = options;
    const perNetwork = rest.compat !== 'fastai' || criticOptFunc !== undefined || criticLr !== undefined;
    const model = new GANModule(generator, critic);
    const loss = new GANLoss(given, model);
    const trainer = new GANTrainer(loss, {
      switchEval,
      genFirst,
      clipNorms,
      ...(clip !== undefined && {clip}),
      ...(beta !== undefined && {beta}),
    });
    const own = metricMaker(metrics);
    super(dls, model, loss.forward, {
      ...(perNetwork && {splitter: () => [generator, critic].map(trainableParameters)}),
      ...rest,
      ...(criticLr !== undefined && {lr: perNetworkLr(rest, criticLr)}),
      ...(criticOptFunc && {optFunc: forEachNetwork(rest.optFunc ?? adam(), criticOptFunc, critic)}),
      metrics: () => [...own(), ...ganLossMetrics(loss)],
    });
    this.ganModel = model;
    this.ganLoss = loss;
    this.ganTrainer = trainer;
    if (emaHalfLife > 0) this.ema = new WeightAverage(generator, {halfLife: emaHalfLife});
    if (augmentations.length > 0) {
      this.#augmentations = new CriticAugmentations(
        augmentations,
        new Rng(this.streams.seed).fork('critic augmentation'),
      );
      this.#augmentations.define(this.hyperparameters);
    }
    this.penalties = penalties;
    this.#penaltyNames = penaltyNames(penalties);
    this.#penaltyWeights = this.#penaltyNames.map((name) => {
      const weight = new PenaltyWeight();
      this.hyperparameters.define(`penalty.${name}.weight`, weight);
      return weight;
    });
    const root = new Rng(this.streams.seed);
    this.#lossRandom = new PartRandom(root.fork('loss'));
    this.#penaltyRandom = this.#penaltyNames.map(
      (_, i) => new PartRandom(root.fork(i === 0 ? 'penalty' : `penalty ${i + 1}`)),
    );
    this.#switching = new Switching(switcher, trainer);
    this.addCbs(trainer, ...(this.ema ? [averageWeights(this.ema, trainer)] : []), this.#switching);
    const adapted = this.#augmentations?.adapted ?? [];
    if (adapted.length > 0) this.addCbs(new AdaptAugmentations(adapted, given.realScores ?? 'high'));
    if (penalties.some(({save}) => save)) this.addCbs(penaltyStates(penalties, this.#penaltyNames));
    if (showImg) this.addCbs(showImages(trainer, join(this.path, 'images')));
  }

  /**
   * A Wasserstein GAN (arXiv 1701.07875; fastai's GANLearner.wgan): its losses, five critic steps to one generator
   * step, weights clipped to 0.01. Real images score low (see `wganLosses`). The paper, and fastai's documentation,
   * train it with RMSProp.
   */
  static wgan(dls: DataLoaders, generator: Module, critic: Module, options: GANLearnerOptions = {}): GANLearner {
    return new GANLearner(dls, generator, critic, wganLosses.genLossFunc, wganLosses.critLossFunc, {
      switcher: FixedGANSwitcher(5, 1),
      clip: 0.01,
      switchEval: false,
      ...options,
    });
  }

  /**
   * A GAN from two networks that were trained apart (fastai's GANLearner.from_learners): losses, data and generator of
   * `genLearn`, critic of `critLearn`. The networks are shared, not copied; nothing else of the two learners is taken
   * over.
   */
  static fromLearners(
    genLearn: Learner,
    critLearn: Learner,
    {weightsGen, ...options}: GANLearnerOptions & {weightsGen?: readonly [number, number]} = {},
  ): GANLearner {
    const {genLossFunc, critLossFunc} = ganLossFromFunc(genLearn.lossFunc, critLearn.lossFunc, weightsGen);
    return new GANLearner(genLearn.dls, genLearn.model, critLearn.model, genLossFunc, critLossFunc, options);
  }

  /** Beside all groups those of each network: the groups that hold none of the other's parameters. */
  protected override hyperGroups(opt: Optimizer): ReadonlyMap<string, readonly Hypers[]> {
    const all = super.hyperGroups(opt);
    const {groups, hypers} = opt;
    const of = (network: Module): Hypers[] => {
      const own = new Set(network.parameters());
      return hypers.filter((_, i) => groups[i]!.every((parameter) => own.has(parameter)));
    };
    return new Map([
      ...all,
      ['generator', of(this.ganModel.network('generator'))],
      ['critic', of(this.ganModel.network('critic'))],
    ]);
  }

  override get turn(): Turn {
    return this.ganModel.turn;
  }

  /** Steps of the network whose turn it is before this one. */
  get #networkStep(): number {
    return this.#switching.steps[this.turn];
  }

  /** Indices of the penalties that come in this step. */
  #duePenalties(): number[] {
    const indices = [...this.penalties.keys()];
    return this.training ? indices.filter((i) => isDue(this.penalties[i]!, this.turn, this.#networkStep)) : [];
  }

  /** In a critic's training step its scores of the real images, augmented. */
  protected override runModel(): Tensor {
    const {training, turn, labels} = this;
    const input = this.input!;
    const seen = training && turn === 'critic' && this.#augmentations ? this.#augmentations.apply(input) : input;
    return this.ganModel.forward(seen, labels);
  }

  protected override beginStep(): void {
    const {training, epoch, iter, turn} = this;
    const step = this.#networkStep;
    this.#lossRandom.begin(...(training ? [turn, step] : ['validation', epoch, iter]));
    for (const random of this.#penaltyRandom) random.begin(step);
    if (training) this.#augmentations?.begin(turn, step);
  }

  protected override lossTerms(): Terms {
    return SharedStep.terms(this.#stepFacts(), (step) => {
      const terms: Record<string, Tensor> = {...this.ganLoss.terms(step.view(this.#lossRandom))};
      for (const i of this.#duePenalties()) {
        const view = step.view(this.#penaltyRandom[i]!);
        Object.assign(terms, penaltyTerms(this.penalties[i]!, this.#penaltyNames[i]!, view, this.#penaltyWeights[i]));
      }
      return terms;
    });
  }

  /** In a critic's batch input and target are swapped: the critic has scored the real images already. */
  #stepFacts(): StepFacts {
    const {ganModel: model, turn, labels, step, nStep, epoch, iter} = this;
    const {size, length, batchSize} = this.dls.train;
    const progress = {
      step,
      steps: nStep,
      position: step / nStep,
      networkStep: this.#networkStep,
      images: epoch * Math.min(size, length * batchSize) + iter * batchSize,
    };
    const [input, target, pred] = [this.input!, this.target!, this.pred!];
    const augmentations = this.training ? this.#augmentations : undefined;
    const shared = {
      model,
      turn,
      labels,
      progress,
      pass: this.pass,
      ...(augmentations && {augment: (images: Tensor) => augmentations.apply(images)}),
    };
    return turn === 'critic'
      ? {...shared, latents: target, real: {images: input, scores: pred}, fake: {}}
      : {...shared, latents: input, real: {images: target}, fake: {images: pred}};
  }

  protected override captureKey(): string {
    const due = this.#duePenalties().map((i) => `${i}${this.#penaltyWeights[i]!.counts ? 'w' : ''}`);
    return [this.turn, ...due].join();
  }

  override unrepeatableLoss(): string | undefined {
    if (!isRepeatable(this.ganLoss.loss)) return 'the loss';
    const augmentation = this.#augmentations?.unrepeatable;
    if (augmentation !== undefined) return `the augmentation ${augmentation}`;
    const penalty = this.penalties.findIndex((one) => !isRepeatable(one));
    return penalty < 0 ? undefined : `the penalty ${this.#penaltyNames[penalty]}`;
  }

  override dispose(): void {
    this.ganTrainer.dispose();
    for (const penalty of this.penalties) penalty.dispose?.();
    this.ema?.dispose();
    super.dispose();
  }

  /**
   * Images from latents (or from input images), in eval mode: [n, ...] -> [n, height, width, channels], normalised as
   * the networks see
   * them. With the generator's averaged weights where the training keeps them.
   * @param labels int32 [n] or float32 [n, classes], for a conditional generator
   * @throws GanError GAN_LABELS when a conditional generator is given none
   */
  draw(input: Tensor, labels?: Tensor): Tensor {
    const {ganModel} = this;
    const forward = (): Tensor =>
      inEvalMode(ganModel.network('generator'), () => tf.tidy(() => ganModel.runNetwork('generator', input, labels)));
    return this.ema ? this.ema.applied(forward) : forward();
  }

  /** The generator's images of inputs, as bytes: the same as `generate` (fastai's predict). */
  override predict(input: HostTensor, labels?: Int32Array | Float32Array): Promise<HostTensor> {
    return this.generate(input, labels);
  }

  protected override summaryParts(input: Tensor, target: Tensor): [string, Module, Tensor][] {
    const {ganModel} = this;
    return [
      ['generator', ganModel.network('generator'), input],
      ['critic', ganModel.network('critic'), target],
    ];
  }

  /** The same of data on the host, as bytes. */
  async generate(input: HostTensor, labels?: Int32Array | Float32Array): Promise<HostTensor> {
    return drawImages((x) => this.draw(x, labels && uploadLabels(labels, input.shape[0]!)), input, this.dls);
  }

  /**
   * One batch of inputs, what the generator makes of it, and what was wanted: the first `maxN` (fastai's
   * show_results). The
   * outputs are the result's own `data` and `shape`.
   * @param options `file`: where to write the picture as PNG
   */
  async showResults({
    maxN = 9,
    loader = this.dls.valid ?? this.dls.train,
    file,
  }: {maxN?: number; loader?: DataLoader; file?: string} = {}): Promise<Results> {
    for await (const {input, target, labels} of loader.epoch(0)) {
      const count = Math.min(maxN, input.shape[0]!);
      const inputs = firstOf(input, count);
      const output = await this.generate(inputs, labels?.slice(0, (labels.length / target.shape[0]!) * count));
      const results = resultsOf(inputs, output, firstOf(target, count), this.dls.normalization);
      if (file !== undefined) await writePng(file, results.picture());
      return results;
    }
    throw new GanError('data', 'GAN_DATA_EMPTY', 'showResults: the data loader has no batch', {
      suggestions: ['give it another one: showResults({loader: learn.dls.train})'],
    });
  }
}

/** Learning rates of the generator's group and the critic's. */
function perNetworkLr({lr = 1e-3, splitter}: LearnerOptions, criticLr: number): number[] {
  if (typeof lr === 'number' && !splitter) return [lr, criticLr];
  throw new GanError('usage', 'GAN_ARGUMENT', 'GANLearner: criticLr needs a single lr and no splitter', {
    suggestions: ['give lr as a list, a value for each parameter group'],
  });
}

/** An optimiser whose groups of the critic's parameters follow another factory than the others. */
const forEachNetwork =
  (others: OptimizerFactory, criticOptFunc: OptimizerFactory, critic: Module): OptimizerFactory =>
  (groups, lr) => {
    const own = new Set(critic.parameters());
    return Optimizer.join(
      groups.map((group) => (group.some((parameter) => own.has(parameter)) ? criticOptFunc : others)([group], lr)),
    );
  };

/** After each of the generator's steps. */
const averageWeights = (ema: WeightAverage, trainer: GANTrainer): Callback => ({
  name: 'average-weights',
  runAfter: ['gan-trainer'],
  runBefore: ['switcher'],
  afterBatch({training, batchSize}) {
    if (training && trainer.turn === 'generator') ema.update(batchSize);
  },
});

/** Keeps what penalties have to keep, by their names. */
const penaltyStates = (penalties: readonly Penalty[], names: readonly string[]): Callback => ({
  name: 'penalties',
  async save() {
    const states = penalties.map(async (penalty, i) => [names[i]!, await penalty.save?.()] as const);
    return Object.fromEntries((await Promise.all(states)).filter(([, state]) => state !== undefined));
  },
  load(states) {
    for (const [i, penalty] of penalties.entries()) {
      const state = (states as Record<string, unknown>)[names[i]!];
      if (state !== undefined) penalty.load?.(state);
    }
  },
});

/**
 * Runs a generator in eval mode, leaving its mode as it was.
 * @param labels for a conditional one: classes [n], or shares of them, floats [n, classes]
 */
export const generateImages = (
  generator: Module,
  input: HostTensor,
  dls: Pick<DataLoaders, 'normalization'>,
  labels?: Int32Array | Float32Array,
): Promise<HostTensor> =>
  drawImages(
    (x) =>
      inEvalMode(generator, () =>
        labels ? generator.forward(x, uploadLabels(labels, input.shape[0]!)) : generator.forward(x),
      ),
    input,
    dls,
  );

async function drawImages(
  draw: (input: Tensor) => Tensor,
  input: HostTensor,
  {normalization}: Pick<DataLoaders, 'normalization'>,
): Promise<HostTensor> {
  const images = tf.tidy(() => draw(upload(input, normalization)));
  const values = (await images.data()) as Float32Array;
  images.dispose();
  return normalization.undo(values, images.shape);
}
