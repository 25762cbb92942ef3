/**
 * The training loop, in the manner of fastai's Learner: data, model, loss and optimiser, with everything else in
 * callbacks.
 */
import {GanError} from '../errors.js';
import type {Collective} from '../backends/collective.js';
import {sumAllOverRanks} from '../backends/fused/all-reduce.js';
import {variableGrads} from '../backends/fused/variable-grads.js';
import {tf, type Tensor} from '../backends/tf.js';
import {Agreement} from './agreement.js';
import {Cancel, isCancel, type AsyncEvent, type Callback, type Phase} from './callback.js';
import {CallbackList, endsAtOnce} from './callback-list.js';
import {ParamScheduler, combinedCosine} from './callbacks/param-scheduler.js';
import {Recorder} from './callbacks/recorder.js';
import {loadLearner, saveLearner} from './checkpoint.js';
import type {Batch, DataLoader, DataLoaders, HostTensor} from './data/types.js';
import {inEvalMode} from './eval-mode.js';
import type {LrFindOptions, LrFindResult} from './callbacks/lr-find.js';
import {Hyperparameters} from './hyperparameters.js';
import {LossQueue, type LossRead} from './loss-queue.js';
import type {LossFunction} from './losses/loss.js';
import {sumOf, type Terms} from './losses/terms.js';
import {metricMaker, type MetricsOption} from './metrics/metric.js';
import type {Module, Parameter} from './module.js';
import type {WeightAverage} from './optim/ema.js';
import {GradientClipping} from './optim/clip-gradients.js';
import type {Hypers, LrSlice, Optimizer} from './optim/optimizer.js';
import {OptimizerSetup, type OptimizerOptions} from './optimizer-setup.js';
import {assertPasses, joinPasses, passesOver, rowsOf, wholeStep, type Pass, type PassResult} from './passes.js';
import {policies, type Compat, type Policies} from './policies.js';
import {isRepeatable} from './repeatable.js';
import {placesOfRank, setRows} from './shard.js';
import {StepCapture, type CaptureMode} from './step-capture.js';
import {RunningStatistics, sumStep} from './step-over-ranks.js';
import {streams, type Streams} from './streams.js';
import type {Turn} from './switchers/switcher.js';
import {upload, uploadLabels} from './upload.js';

export type {LossRead} from './loss-queue.js';

export interface LearnerOptions extends OptimizerOptions {
  lr?: number | LrSlice | number[];
  cbs?: Callback[];
  /** Functions of (prediction, target), by the names of their columns, or metrics. */
  metrics?: MetricsOption;
  /** Folder for `save` and `load`; '.'. */
  path?: string;
  /** Folder in `path`; 'models'. */
  modelDir?: string;
  /** Weight decay; when absent the optimiser keeps its own. */
  wd?: number;
  /** Momentum at the start, the peak and the end of `fitOneCycle`. */
  moms?: [number, number, number];
  /** Bound of the length of each step's gradients, all as one vector (`GradientClipping`); absent: none. */
  gradClip?: number;
  /**
   * Passes in which a step computes the gradients of its batch, one after the other, each with a part of the images.
   * The update is that of the batch in one pass where no layer looks at several images (batch norm does), and the
   * memory that of a part. 1.
   */
  accumulate?: number;
  /** Whether to add the train/eval and recorder callbacks. */
  defaultCbs?: boolean;
  compat?: Compat;
  streams?: Streams;
  /** Whether steps are captured and replayed where possible. Default 'auto'. Results are the same to the last bit. */
  capture?: CaptureMode;
  /**
   * The processes that train together: each has a part of each batch, and all do the same with the sums of what they
   * computed (docs/clusters.md). `useRanks` has to have been called for them. Absent: this one trains alone.
   */
  ranks?: Collective;
}

export interface FitOptions {
  /** Absent: the learner's, and without one the optimiser's own. */
  wd?: number;
  /** Callbacks for this fit only. */
  cbs?: Callback[];
  /**
   * Optimiser steps after which the training will be over, where that is before the last epoch ends: what schedules and
   * losses count to.
   */
  steps?: number;
  /** Begin with a new optimiser. */
  resetOpt?: boolean;
  /** Count epochs from here; those before are skipped. */
  startEpoch?: number;
  /** Puts everything into a saved state (exact resume), before the first batch. */
  restore?: () => void | Promise<void>;
  /**
   * Batches of the first epoch that were done when the state was saved. With none, `restore` comes before the events
   * that begin an epoch, since they were still to come; otherwise after them, since they had been.
   */
  startIter?: number;
}

export interface StopOptions {
  code?: number;
  byAllRanks?: boolean;
}

export interface OneCycleOptions extends Omit<FitOptions, 'restore' | 'startIter'> {
  /** lrMax / div is where it starts; 25. */
  div?: number;
  /** lrMax / divFinal is where it ends; 1e5. */
  divFinal?: number;
  /** Share of the training until the peak; 0.25. */
  pctStart?: number;
  moms?: [number, number, number];
}

/** Puts the model into train mode for training and into eval mode for validation (fastai's TrainEvalCallback). */
const trainEval: Callback = {
  name: 'train-eval',
  runBefore: ['gan-trainer', 'recorder'],
  beforeTrain: ({model}) => void model.train(),
  beforeValidate: ({model}) => void model.eval(),
};

export class Learner {
  readonly dls: DataLoaders;
  readonly model: Module;
  readonly lossFunc: LossFunction;
  readonly policies: Policies;
  readonly streams: Streams;
  readonly path: string;
  readonly modelDir: string;
  readonly recorder: Recorder | undefined;
  readonly capture: StepCapture;
  readonly accumulate: number;
  readonly ranks: Collective | undefined;
  /** Everything that steers the training and may change between steps, by name. */
  readonly hyperparameters = new Hyperparameters(() => this.#groupsByName());
  lr: number | LrSlice | number[];
  wd: number | undefined;
  moms: [number, number, number];
  /** Made at the first fit. */
  opt: Optimizer | undefined;
  /** An average of weights that is part of the training's state. */
  ema: WeightAverage | undefined;

  /** Counted from 0 over the whole fit. */
  epoch = 0;
  nEpoch = 0;
  /** Index of the batch in its epoch, and how many there are. */
  iter = 0;
  nIter = 0;
  /** Optimiser steps done in this fit and the parts of it that were resumed. */
  step = 0;
  /** Steps that are wanted in all. */
  nStep = 0;
  /** True while training, false while validating. */
  training = false;
  /** True inside `fit`. */
  fitting = false;
  /** The tensors of the current batch; callbacks may exchange them in `beforeBatch`. */
  input: Tensor | undefined;
  target: Tensor | undefined;
  /**
   * What each item shows, where the data has labels: its class, int32 [batch]; or shares of classes, float32 [batch,
   * classes].
   */
  labels: Tensor | undefined;
  /**
   * What the model gave, and the loss: in `afterPred` and `afterLoss` they are on the gradient tape and may be
   * replaced.
   */
  pred: Tensor | undefined;
  loss: Tensor | undefined;
  /** The terms that the loss is the sum of, by name, where there is more than one. */
  terms: Terms = {};
  /** The length of the gradients before they were clipped, where they are. */
  gradNorm: Tensor | undefined;
  /** The pass of the step that is being computed. */
  pass: Pass = wholeStep;
  /**
   * The loss of the batch just done, whose value is NaN until it has been read; undefined when the batch was cancelled
   * before it.
   */
  pendingLoss: LossRead | undefined;
  /** The loss that was read last; in `afterLossRead` the one that the event is about. */
  lastLoss: LossRead | undefined;
  /** Items in the current batch, those of all ranks. */
  batchSize = 0;
  /**
   * False while a step changes the weights, and in a step that the device repeats as a whole: an error then leaves
   * neither the old weights nor the new.
   */
  weightsAreWhole = true;
  /** The gradients of this step. */
  gradients: Map<Parameter, Tensor> = new Map();

  readonly #setup: OptimizerSetup;
  readonly #clipping: GradientClipping | undefined;
  readonly #losses = new LossQueue();
  readonly #callbacks = new CallbackList();
  #stopReason: string | undefined;
  #agreement: Agreement | undefined;
  /** What this rank wants, and the others may not know. */
  #wish: {code: number; reason: string} | undefined;
  #stopCode = 0;
  #hyperGroups: {opt: Optimizer; byName: ReadonlyMap<string, readonly Hypers[]>} | undefined;

  constructor(dls: DataLoaders, model: Module, lossFunc: LossFunction, options: LearnerOptions = {}) {
    this.dls = dls;
    this.model = model;
    this.lossFunc = lossFunc;
    this.policies = policies[options.compat ?? 'none'];
    this.streams = options.streams ?? streams();
    this.path = options.path ?? '.';
    this.modelDir = options.modelDir ?? 'models';
    this.lr = options.lr ?? 1e-3;
    this.wd = options.wd;
    this.moms = options.moms ?? [0.95, 0.85, 0.95];
    this.#setup = new OptimizerSetup(options);
    this.capture = new StepCapture(options.capture ?? 'auto');
    this.accumulate = options.accumulate ?? 1;
    assertPasses(this.accumulate);
    this.ranks = options.ranks;
    if (options.gradClip !== undefined) {
      this.#clipping = new GradientClipping(options.gradClip);
      this.hyperparameters.define('gradClip', this.#clipping);
    }
    const defaults = options.defaultCbs ?? true;
    this.recorder = defaults ? new Recorder(metricMaker(options.metrics)) : undefined;
    this.addCbs(...(this.recorder ? [trainEval, this.recorder] : []), ...(options.cbs ?? []));
  }

  /** Adds callbacks for good. */
  addCbs(...callbacks: Callback[]): this {
    this.#callbacks.add(...callbacks);
    return this;
  }

  removeCbs(...callbacks: Callback[]): this {
    this.#callbacks.remove(...callbacks);
    return this;
  }

  /** The callbacks in the order in which they run. */
  get callbacks(): readonly Callback[] {
    return this.#callbacks.sorted;
  }

  /** The network that the present batch runs, in a GAN. */
  get turn(): Turn | undefined {
    return undefined;
  }

  /** Share of this fit's training that is done, by batches. */
  get position(): number {
    return (this.epoch * this.nIter + this.iter) / (this.nEpoch * this.nIter);
  }

  /**
   * Ends the fit after this batch; its after-events still run. Where several ranks train together, one that asks for it
   * by itself ends all of them, some batches later.
   * @param options `code`: an exit code that asks for it, of which the largest counts (`stopCode`); `byAllRanks`: all
   * of them ask in this batch
   */
  readonly stop = (reason: string, {code = 1, byAllRanks = false}: StopOptions = {}): void => {
    if (this.#agreement && !byAllRanks) this.#wish ??= {code, reason};
    else this.#stopReason = reason;
  };

  /** The exit code of the signal that ended the last fit, at whichever rank it came; 0 where none did. */
  get stopCode(): number {
    return this.#stopCode > 1 ? this.#stopCode : 0;
  }

  /** @param code what the ranks agreed on */
  #stopIf(code: number): void {
    if (code === 0) return;
    this.#stopCode = code;
    this.#stopReason ??= this.#wish?.reason ?? 'another rank asked for it';
  }

  /** Why the last fit ended early, if it did. */
  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  /** Ends a phase at once (from inside an event). */
  readonly cancel = (phase: Phase): never => {
    throw new Cancel(phase);
  };

  /** Makes a new optimiser over the parameter groups. */
  createOpt(): Optimizer {
    this.opt?.dispose();
    this.capture.clear();
    this.opt = this.#setup.make(this.model, this.lr);
    return this.opt;
  }

  /** Found once for each optimiser, since they are asked for in each step. */
  #groupsByName(): ReadonlyMap<string, readonly Hypers[]> {
    const opt = this.opt ?? this.createOpt();
    if (this.#hyperGroups?.opt !== opt) this.#hyperGroups = {opt, byName: this.hyperGroups(opt)};
    return this.#hyperGroups.byName;
  }

  /** Hyperparameters of an optimiser's groups: all under '', those of a part of the model under its name. */
  protected hyperGroups({hypers}: Optimizer): ReadonlyMap<string, readonly Hypers[]> {
    return new Map([['', hypers]]);
  }

  /** Trains only the parameter groups from `index` on; negative ones count from the end (fastai's freeze_to). */
  freezeTo(index: number): void {
    (this.opt ?? this.createOpt()).freezeTo(index);
  }

  /** Trains the last parameter group only. */
  freeze(): void {
    this.freezeTo(-1);
  }

  unfreeze(): void {
    this.freezeTo(0);
  }

  /** Trains for `nEpoch` passes over the data at a constant learning rate (fastai's fit). */
  async fit(nEpoch: number, lr?: number | LrSlice | number[], options: FitOptions = {}): Promise<void> {
    if (!Number.isInteger(nEpoch) || nEpoch < 1)
      throw new GanError('usage', 'GAN_ARGUMENT', `fit: nEpoch is ${nEpoch}, wanted a whole number >= 1`);
    await this.#withCallbacks(options.cbs ?? [], async () => {
      if (!this.opt || options.resetOpt) this.createOpt();
      const wd = options.wd ?? this.wd;
      if (wd !== undefined) this.opt!.setHyper('wd', wd);
      this.opt!.setHyper('lr', lr ?? this.lr);
      this.nEpoch = nEpoch;
      this.nStep = options.steps ?? nEpoch * this.dls.train.length;
      this.step = 0;
      this.#stopReason = undefined;
      this.#stopCode = 0;
      this.#wish = undefined;
      this.#agreement = this.ranks && new Agreement(this.ranks);
      this.fitting = true;
      try {
        await this.#phase('Fit', () => this.#epochs(options));
        await this.#agreement?.rest();
      } catch (error) {
        await this.#callbacks.tellFailure(error, this);
        throw error;
      } finally {
        this.fitting = false;
        this.#agreement = undefined;
      }
    });
  }

  /** Trains with one cycle of learning rate and momentum (arXiv 1708.07120; fastai's fit_one_cycle). */
  async fitOneCycle(nEpoch: number, lrMax?: number | LrSlice | number[], options: OneCycleOptions = {}): Promise<void> {
    const {div = 25, divFinal = 1e5, pctStart = 0.25, moms = this.moms, cbs = [], ...rest} = options;
    const opt = !this.opt || rest.resetOpt ? this.createOpt() : this.opt;
    opt.setHyper('lr', lrMax ?? this.lr);
    const rates = opt.hypers.map((hypers) =>
      combinedCosine(pctStart, hypers.lr / div, hypers.lr, hypers.lr / divFinal),
    );
    const scheduler = new ParamScheduler({
      lr: (position) => rates.map((rate) => rate(position)),
      ...(this.hyperparameters.has('mom') && {mom: combinedCosine(pctStart, ...moms)}),
    });
    await this.fit(nEpoch, lrMax, {...rest, resetOpt: false, cbs: [...cbs, scheduler]});
  }

  /**
   * Runs the validation set, or other data, through the model and returns the loss and metrics of the validation
   * columns.
   */
  async validate(
    loader: DataLoader | undefined = this.dls.valid,
    cbs: Callback[] = [],
  ): Promise<readonly (number | null)[]> {
    let values: readonly (number | null)[] = [];
    const keep: Callback = {
      name: 'keep',
      runAfter: ['recorder'],
      afterValidate: () => void (values = this.recorder?.validated ?? []),
    };
    await this.#withCallbacks([...cbs, keep], async () => {
      await this.#tell('beforeEpoch');
      await this.#phase('Validate', () => this.#validateBatches(loader));
      await this.#tell('afterEpoch');
    });
    return values;
  }

  /**
   * What the model makes of inputs, in eval mode, as numbers (fastai's predict): [n, ...] -> [n, ...]. Bytes are
   * normalised first, as those of the data are.
   * @param labels for a conditional network: classes [n], or shares of them, floats [n, classes]
   */
  async predict(input: HostTensor, labels?: Int32Array | Float32Array): Promise<HostTensor> {
    const output = tf.tidy(() => {
      const others = labels ? [uploadLabels(labels, input.shape[0]!)] : [];
      return inEvalMode(this.model, () => this.model.forward(upload(input, this.dls.normalization), ...others));
    });
    const data = (await output.data()) as Float32Array;
    output.dispose();
    return {data, shape: output.shape};
  }

  /**
   * A learning rate for `fit` (fastai's lr_find): trains while the rate grows exponentially, looks where the smoothed
   * loss falls, and puts networks, optimiser, averages and random numbers back. A GAN's smoothed loss mixes those of
   * two networks and has no such fall: use it for networks that are trained alone, as before `fromLearners`.
   * @throws GanError GAN_LR_FIND when the training ended too soon to tell
   */
  async lrFind(options: LrFindOptions = {}): Promise<LrFindResult> {
    const {findLearningRate} = await import('./callbacks/lr-find.js');
    return findLearningRate(this, options);
  }

  /**
   * The layers, with the shapes of what they give for a batch of the data, and their parameters (fastai's summary):
   * text to be printed.
   */
  async summary(): Promise<string> {
    const {networkTable} = await import('./summary.js');
    return this.#withBatch((input, target, labels) =>
      [
        ...this.summaryParts(input, target).map(([title, network, x]) => networkTable(title, network, x, labels)),
        this.#setting(),
      ].join('\n\n'),
    );
  }

  /** The networks that `summary` lists, and the input of each. */
  protected summaryParts(input: Tensor, _target: Tensor): [title: string, network: Module, input: Tensor][] {
    return [[this.model.kind, this.model, input]];
  }

  /** What trains the networks, in lines. */
  #setting(): string {
    const rules = this.opt ? `optimizer: ${this.opt.ruleName}` : 'optimizer: made at the first fit';
    return [rules, `callbacks: ${this.callbacks.map(({name}) => name).join(', ')}`].join('\n');
  }

  /** Calls `use` with the tensors of the first batch, and frees them. */
  async #withBatch<T>(use: (input: Tensor, target: Tensor, labels?: Tensor) => T): Promise<T> {
    for await (const {input, target, labels} of this.dls.train.epoch(0)) {
      const tensors = [input, target].map((each) => upload(each, this.dls.normalization));
      if (labels) tensors.push(uploadLabels(labels, target.shape[0]!));
      try {
        return use(tensors[0]!, tensors[1]!, tensors[2]);
      } finally {
        tf.dispose(tensors);
      }
    }
    throw new GanError('data', 'GAN_DATA_EMPTY', 'the training data have no batch');
  }

  /** Writes networks and optimiser to `<path>/<modelDir>/<name>/` and returns that folder (fastai's save). */
  async save(name: string): Promise<string> {
    return saveLearner(this, name);
  }

  /** Puts networks and optimiser into the state that `save` wrote. */
  async load(name: string): Promise<this> {
    await loadLearner(this, name);
    return this;
  }

  /** The state of callbacks, by their names, for resuming. */
  callbackStates(): Promise<Record<string, unknown>> {
    return this.#callbacks.save();
  }

  loadCallbackStates(states: Record<string, unknown>): void {
    this.#callbacks.load(states);
  }

  /** Frees the model's tensors and the optimiser's. */
  dispose(): void {
    this.capture.clear();
    this.opt?.dispose();
    this.model.dispose();
  }

  /**
   * Waits for the losses that are being read and tells the callbacks of each (`afterLossRead`), the oldest first.
   * @param leave how many of the newest may go on being read
   */
  async readLosses(leave = 0): Promise<void> {
    while (this.#losses.length > leave) {
      this.lastLoss = await this.#losses.next();
      await this.#tell('afterLossRead');
    }
  }

  /** True while the losses of the last steps have not been told to the callbacks. */
  get hasUnreadLosses(): boolean {
    return this.#losses.length > 0;
  }

  /** Begins to read the loss of this batch, and goes on without waiting for it. */
  #beginRead(): void {
    const {epoch, iter, step, training, turn, batchSize} = this;
    const hyperparameters = training ? this.hyperparameters.logged() : undefined;
    const facts = {
      epoch,
      iter,
      step,
      training,
      batchSize,
      ...this.#rates(),
      ...(turn && {turn}),
      ...(hyperparameters && {hyperparameters}),
    };
    this.pendingLoss = this.#losses.begin(facts, this.loss!, this.terms, this.gradNorm);
  }

  /** The learning rates of a training step: of each group, and of the network that is trained. None in validation. */
  #rates(): Pick<LossRead, 'lr' | 'lrs'> {
    if (!this.training) return {lrs: []};
    const lrs = this.opt!.hypers.map(({lr}) => lr);
    const own = `${this.turn}.lr`;
    return {lrs, lr: this.hyperparameters.has(own) ? this.hyperparameters.get(own) : lrs[0]!};
  }

  /** Names of the parameters of the model. */
  parameterNames(): Map<Parameter, string> {
    return new Map(this.model.namedParameters().map(([name, parameter]) => [parameter, name]));
  }

  /** Parameters that have taken part in a step of this optimiser. */
  get everTrained(): Set<Parameter> {
    return this.#setup.everTrained;
  }

  async #withCallbacks(extra: Callback[], body: () => Promise<void>): Promise<void> {
    this.addCbs(...extra);
    try {
      await body();
    } finally {
      this.#losses.clear();
      this.#callbacks.release(this);
      this.removeCbs(...extra);
    }
  }

  #tell(event: AsyncEvent): Promise<void> {
    return this.#callbacks.tell(event, this);
  }

  /** before-event, body, after-event; a Cancel of this phase skips the rest of the body. */
  async #phase(phase: Exclude<Phase, 'Step'>, body: () => Promise<void>): Promise<void> {
    try {
      await this.#tell(`before${phase}`);
      await body();
    } catch (error) {
      if (!isCancel(error, phase)) throw error;
      await this.#tell(`afterCancel${phase}`);
    }
    if (phase !== 'Batch') await this.readLosses();
    if (phase === 'Epoch') this.recorder?.endEpoch(this);
    await this.#tell(`after${phase}`);
  }

  async #epochs({startEpoch = 0, startIter = 0, restore}: FitOptions): Promise<void> {
    if (startIter === 0) await restore?.();
    for (let epoch = startEpoch; epoch < this.nEpoch && this.#stopReason === undefined; epoch++) {
      this.epoch = epoch;
      await this.#phase('Epoch', async () => {
        await this.#train(startIter > 0 && epoch === startEpoch ? restore : undefined);
        if (this.#stopReason === undefined) await this.#phase('Validate', () => this.#validateBatches(this.dls.valid));
      });
      if (this.#agreement) this.#stopIf(await this.#agreement.now(this.#wish?.code ?? 0));
    }
  }

  async #train(restore: FitOptions['restore']): Promise<void> {
    this.training = true;
    this.iter = 0;
    this.nIter = this.dls.train.length;
    await this.#phase('Train', async () => {
      await restore?.();
      for await (const batch of this.dls.train.epoch(this.epoch, this.iter, this.#places)) {
        await this.#batch(batch, () => this.#trainBatch());
        this.iter++;
        if (this.#stopReason !== undefined) break;
      }
    });
  }

  async #validateBatches(loader: DataLoader | undefined): Promise<void> {
    this.training = false;
    if (!loader) return;
    this.iter = 0;
    for await (const batch of loader.epoch(0, 0, this.#places)) {
      await this.#batch(batch, () => this.#validateBatch());
      this.iter++;
    }
  }

  /** Weight of a mean over the images of this rank in the mean over all of the batch. */
  get shareOfStep(): number {
    return passesOver(this.batchSize, this.#passSize, this.ranks).reduce((sum, {share}) => sum + share, 0);
  }

  /** Images in a pass of a step, those of all ranks. */
  get #passSize(): number {
    return Math.ceil(this.dls.train.batchSize / this.accumulate);
  }

  /** Of a batch, the places of the items that this rank computes; undefined where it has them all. */
  get #places(): ((size: number) => readonly number[]) | undefined {
    const {ranks} = this;
    return ranks && ((size) => placesOfRank(size, this.#passSize, ranks));
  }

  async #batch(batch: Batch, run: () => Promise<void>): Promise<void> {
    this.input = upload(batch.input, this.dls.normalization);
    this.target = upload(batch.target, this.dls.normalization);
    this.labels = batch.labels && uploadLabels(batch.labels, batch.target.shape[0]!);
    this.batchSize = batch.size;
    this.pendingLoss = undefined;
    try {
      await this.#phase('Batch', run);
    } finally {
      const {input, target, labels, pred, loss, terms, gradNorm} = this;
      tf.dispose([input, target, labels, pred, loss, gradNorm, ...Object.values(terms)]);
      this.input = this.target = this.labels = this.pred = this.loss = this.gradNorm = undefined;
      this.terms = {};
    }
  }

  /** What the model gives for the batch. */
  protected runModel(): Tensor {
    return this.model.forward(this.input!, ...(this.labels ? [this.labels] : []));
  }

  /** Model and loss; in training on the gradient tape. */
  #forward(): Tensor {
    this.pred = this.runModel();
    this.#callbacks.tellNow('afterPred', this);
    const terms = this.lossTerms();
    this.loss = sumOf(terms);
    this.#callbacks.tellNow('afterLoss', this);
    tf.keep(this.pred);
    if (Object.keys(terms).length > 1) {
      this.terms = terms;
      Object.values(terms).forEach((term) => tf.keep(term));
    }
    return this.loss;
  }

  /** What a pass adds to a mean over the step's images. */
  #ofStep<T extends Tensor>(mean: T): T {
    const {share} = this.pass;
    return share === 1 ? mean : tf.mul(mean, share);
  }

  /**
   * Lets `compute` leave prediction, loss and terms of the batch: at once, or in passes over parts of it, whose results
   * are put together.
   */
  #inPasses(compute: () => void): void {
    const {input, target, labels, batchSize, accumulate, ranks} = this;
    if (!ranks && accumulate === 1) {
      compute();
      return;
    }
    const passes = passesOver(batchSize, this.#passSize, ranks);
    if (!ranks && passes.length === 1) {
      compute();
      return;
    }
    const results: PassResult[] = [];
    try {
      for (const {from, size, of, ...pass} of passes) {
        this.pass = pass;
        if (ranks) setRows(of);
        const whole = [input!, target!, ...(labels ? [labels] : [])];
        const parts = passes.length === 1 ? whole : whole.map((tensor) => rowsOf(tensor, from, size));
        [this.input, this.target, this.labels] = parts;
        try {
          compute();
          const terms = Object.entries(this.terms).map(([name, term]) => [name, this.#ofStep(term)] as const);
          if (pass.share !== 1) tf.dispose(Object.values(this.terms));
          results.push({pred: this.pred!, loss: this.loss!, terms: Object.fromEntries(terms)});
          this.pred = this.loss = undefined;
          this.terms = {};
        } finally {
          if (parts !== whole) tf.dispose(parts);
        }
      }
      ({pred: this.pred, loss: this.loss, terms: this.terms} = joinPasses(results));
    } finally {
      [this.input, this.target, this.labels] = [input, target, labels];
      this.pass = wholeStep;
      setRows(undefined);
      tf.dispose(results.flatMap(({pred, loss, terms}) => [pred, loss, ...Object.values(terms)]));
    }
  }

  /** What is minimised in a step: terms by their names. */
  protected lossTerms(): Terms {
    return {loss: this.lossFunc(this.pred!, this.target!)};
  }

  /**
   * Called before each step and each batch of a validation. A step that is repeated from a recording has nothing else
   * of the host.
   */
  protected beginStep(): void {}

  async #validateBatch(): Promise<void> {
    this.beginStep();
    this.#inPasses(() => {
      this.loss = tf.tidy(() => this.#ofStep(this.#forward()));
    });
    if (this.ranks) {
      const own = [this.loss!, ...Object.values(this.terms)];
      const [loss, ...terms] = sumAllOverRanks(own);
      this.loss = loss;
      this.terms = Object.fromEntries(Object.keys(this.terms).map((name, i) => [name, terms[i]!]));
      tf.dispose(own);
    }
    this.#beginRead();
    await this.readLosses(1);
  }

  async #trainBatch(): Promise<void> {
    const wanted = this.opt!.parameters().filter(({requiresGrad}) => requiresGrad);
    if (wanted.length === 0)
      throw new GanError(
        'usage',
        'GAN_FROZEN',
        'every parameter of the optimizer is frozen: there is nothing to train',
        {suggestions: ['setFreezeModel(model, true) makes them trainable']},
      );
    this.beginStep();
    this.weightsAreWhole = false;
    this.capture.run(this, () => this.#trainStep(wanted), wanted, this.captureKey());
    this.weightsAreWhole = true;
    this.step++;
    this.#beginRead();
    try {
      if (this.#agreement) this.#stopIf(await this.#agreement.next(this.#wish?.code ?? 0));
      await this.readLosses(1);
    } catch (error) {
      if (!endsAtOnce(error)) await this.#tell('afterBatch').catch(() => {}); // the step is done: its state is whole
      throw error;
    }
  }

  /**
   * Everything besides trainable parameters, train/eval modes and shapes that decides which operations a training step
   * runs.
   */
  protected captureKey(): string {
    return '';
  }

  /** The parts of the loss that may run different operations in steps with the same key (see `repeatable`). */
  unrepeatableLoss(): string | undefined {
    return isRepeatable(this.lossFunc) ? undefined : 'the loss';
  }

  /** Prediction, loss, gradients, update: everything of a step that happens on the device. */
  #trainStep(wanted: readonly Parameter[]): void {
    this.weightsAreWhole = true;
    try {
      const statistics = this.ranks && new RunningStatistics(this.model);
      this.#inPasses(() => this.#addGradients(wanted));
      if (statistics) this.#sumOverRanks(statistics);
      this.#callbacks.tellNow('afterBackward', this);
      this.#optimize();
    } finally {
      tf.dispose([...this.gradients.values()]);
      this.gradients = new Map();
    }
  }

  #sumOverRanks(statistics: RunningStatistics): void {
    const {gradients, terms} = this;
    const {loss, ...summed} = sumStep({gradients, loss: this.loss!, terms}, statistics, this.shareOfStep);
    this.loss = loss;
    this.gradients = summed.gradients;
    this.terms = summed.terms;
  }

  /** Prediction, loss and gradients of a pass; the gradients are added to those that are there. */
  #addGradients(wanted: readonly Parameter[]): void {
    const {value, grads} = variableGrads(
      () => {
        const loss = this.#forward();
        this.#callbacks.tellNow('beforeBackward', this);
        return this.#ofStep(loss) as ReturnType<typeof tf.scalar>;
      },
      wanted.map(({variable}) => variable),
    );
    this.loss = value;
    for (const parameter of wanted) {
      const gradient = grads[parameter.variable.name];
      if (!gradient) continue;
      const before = this.gradients.get(parameter);
      this.gradients.set(parameter, before ? tf.add(before, gradient) : gradient);
      if (before) tf.dispose([before, gradient]);
    }
  }

  #optimize(): void {
    try {
      if (this.#clipping) this.gradNorm = this.#clipping.apply(this.gradients);
      this.#callbacks.tellNow('beforeStep', this);
      if (this.policies.frozenInStep === 'zero-gradient') this.#setup.addZeroGradients(this.gradients);
      this.weightsAreWhole = false;
      this.opt!.step(this.gradients);
    } catch (error) {
      if (!isCancel(error, 'Step')) throw error;
    }
    this.#callbacks.tellNow('afterStep', this);
  }
}
