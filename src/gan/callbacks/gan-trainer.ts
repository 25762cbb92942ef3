import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import type {Callback} from '../callback.js';
import {GANModule} from '../gan-module.js';
import {isNorm} from '../groups.js';
import type {Learner} from '../learner.js';
import type {GANLoss} from '../losses/gan-loss.js';
import {Parameter, type Module} from '../module.js';
import {SmoothLoss} from '../smoothing.js';
import {other, type Turn} from '../switchers/switcher.js';

export interface GANTrainerOptions {
  /** Put the network that is not being trained into eval mode. */
  switchEval?: boolean;
  /** Bound of the critic's weights: they are kept in [-clip, clip]. */
  clip?: number;
  /**
   * Whether to clip the scale and shift of the critic's norm layers too, as in the WGAN authors' program. Default
   * false.
   */
  clipNorms?: boolean;
  /** Smoothing of the two losses. */
  beta?: number;
  /** Begin with the generator. */
  genFirst?: boolean;
}

interface GANTrainerState {
  mode: Turn;
  training: {generator: boolean; critic: boolean};
  genSmooth: [number, number];
  critSmooth: [number, number];
  genLoss: number | null;
  critLoss: number | null;
}

/**
 * Trains one of the two networks at a time: holds whose turn it is, freezes the other, swaps input and target for the
 * critic, clips its weights, keeps the smoothed losses of each (fastai's GANTrainer).
 */
export class GANTrainer implements Callback {
  readonly name = 'gan-trainer';
  readonly runAfter = ['train-eval'];
  readonly switchEval: boolean;
  readonly clip: number | undefined;
  readonly clipNorms: boolean;
  readonly genFirst: boolean;
  /** Keep `genLosses` and `critLosses`, which grow with every step. */
  keepsSteps = true;
  /** Smoothed losses after each step of that network. */
  genLosses: number[] = [];
  critLosses: number[] = [];
  readonly genSmooth: SmoothLoss;
  readonly critSmooth: SmoothLoss;
  /** The generator's images of its last training step; kept until the next. */
  lastGen: Tensor | undefined;
  readonly #loss: GANLoss;
  readonly #trainable = new Map<Module, Set<Parameter>>();
  #model: GANModule;
  /** Whose turn it is again after the validation that is going on. */
  #turnAfter: Turn | undefined;

  constructor(
    loss: GANLoss,
    {switchEval = false, clip, clipNorms = false, beta = 0.98, genFirst = false}: GANTrainerOptions = {},
  ) {
    if (clip !== undefined && !(clip > 0))
      throw new GanError('usage', 'GAN_ARGUMENT', `GANTrainer: clip is ${clip}, wanted a number above 0`);
    this.#loss = loss;
    this.switchEval = switchEval;
    this.clip = clip;
    this.clipNorms = clipNorms;
    this.genFirst = genFirst;
    this.#model = loss.ganModel;
    this.#model.switch(genFirst);
    this.genSmooth = new SmoothLoss(beta);
    this.critSmooth = new SmoothLoss(beta);
  }

  /** Whose turn it is in training. A validation runs the generator, and leaves the turn as it is. */
  get turn(): Turn {
    return this.#turnAfter ?? this.#model.turn;
  }

  beforeFit(learn: Learner): void {
    this.#adopt(learn);
    this.genLosses = [];
    this.critLosses = [];
    this.genSmooth.reset();
    this.critSmooth.reset();
    this.#loss.genLoss = this.#loss.critLoss = undefined;
    this.switch(this.genFirst ? 'generator' : 'critic');
  }

  /** Takes the learner's networks, and notes what of them is trainable. */
  #adopt({model, policies}: Learner): void {
    if (!(model instanceof GANModule))
      throw new GanError('usage', 'GAN_ARGUMENT', 'GANTrainer needs a learner whose model is a GANModule');
    this.#model = model;
    for (const net of this.#networks()) {
      const parameters = net.parameters();
      this.#trainable.set(
        net,
        new Set(policies.freezing === 'left' ? parameters : parameters.filter(({requiresGrad}) => requiresGrad)),
      );
    }
  }

  beforeEpoch(learn: Learner): void {
    if (!learn.fitting) this.#adopt(learn); // a validation by itself
    this.switch(this.turn);
  }

  beforeTrain({policies}: Learner): void {
    if (policies.epochStart === 'kept') this.switch(this.turn); // the whole model has just been put into train mode
  }

  beforeBatch(learn: Learner): void {
    if (!learn.training) return;
    this.#bound(learn);
    if (this.turn === 'critic') [learn.input, learn.target] = [learn.target, learn.input];
  }

  /** Sees to it that the critic's weights are kept within `clip`: by each of its steps, or now. */
  #bound({opt, policies}: Learner): void {
    const {clip} = this;
    if (clip === undefined) return;
    if (policies.clipping === 'before-batch') clamp(this.#network('critic').parameters(), clip);
    else opt!.bounds = new Map(this.turn === 'critic' ? this.#clipped().map((parameter) => [parameter, clip]) : []);
  }

  afterBatch({training, pred}: Learner): void {
    if (!training || this.turn !== 'generator') return;
    this.lastGen?.dispose();
    this.lastGen = tf.keep(tf.clone(pred!));
  }

  afterLossRead({lastLoss}: Learner): void {
    const {value, training, turn} = lastLoss!;
    const generating = turn === 'generator';
    if (generating) this.#loss.genLoss = value;
    else this.#loss.critLoss = value;
    if (!training) return;
    const [smooth, history] = generating ? [this.genSmooth, this.genLosses] : [this.critSmooth, this.critLosses];
    smooth.add(value);
    if (this.keepsSteps) history.push(smooth.value!);
  }

  beforeValidate(learn: Learner): void {
    const {turn} = this;
    this.switch('generator');
    if (learn.policies.validation === 'eval') learn.model.eval();
    if (learn.policies.epochStart === 'kept') this.#turnAfter = turn;
  }

  /** Disposes of `lastGen`. */
  dispose(): void {
    this.lastGen?.dispose();
    this.lastGen = undefined;
  }

  afterFit(learn: Learner): void {
    this.release(learn);
  }

  release({policies}: Learner): void {
    this.dispose();
    if (policies.freezing === 'left') return;
    for (const parameters of this.#trainable.values())
      for (const parameter of parameters) parameter.requiresGrad = true;
  }

  /**
   * Gives the turn to a network, or to the other one: sets frozen parameters, train/eval modes, and what model and loss
   * compute.
   */
  switch(turn: Turn = other(this.turn)): void {
    this.#turnAfter = undefined;
    this.#model.turn = turn;
    const [trained, rest] = [this.#network(turn), this.#network(other(turn))];
    for (const parameter of this.#trainable.get(trained)!) parameter.requiresGrad = true;
    for (const parameter of rest.parameters()) parameter.requiresGrad = false;
    if (this.switchEval) {
      trained.train();
      rest.eval();
    }
  }

  save(): GANTrainerState {
    return {
      mode: this.turn,
      training: {generator: this.#network('generator').training, critic: this.#network('critic').training},
      genSmooth: this.genSmooth.save(),
      critSmooth: this.critSmooth.save(),
      genLoss: this.#loss.genLoss ?? null,
      critLoss: this.#loss.critLoss ?? null,
    };
  }

  load(state: unknown): void {
    const {mode, training, genSmooth, critSmooth, genLoss, critLoss} = state as GANTrainerState;
    this.switch(mode);
    this.#network('generator').train(training.generator);
    this.#network('critic').train(training.critic);
    this.genSmooth.load(genSmooth);
    this.critSmooth.load(critSmooth);
    this.#loss.genLoss = genLoss ?? undefined;
    this.#loss.critLoss = critLoss ?? undefined;
  }

  #networks(): Module[] {
    return [this.#network('generator'), this.#network('critic')];
  }

  #network(name: Turn): Module {
    return this.#model.network(name);
  }

  #clipped(): Parameter[] {
    const entries = this.#network('critic')
      .modules()
      .filter((module) => this.clipNorms || !isNorm(module))
      .flatMap((module) => module.entries());
    return entries.map(([, entry]) => entry).filter((entry) => entry instanceof Parameter);
  }
}

function clamp(parameters: Parameter[], bound: number): void {
  tf.tidy(() => {
    for (const {variable} of parameters) variable.assign(tf.clipByValue(variable, -bound, bound));
  });
}
