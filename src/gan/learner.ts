/** The training loop, in the manner of fastai's Learner: data, model, loss and optimiser, with everything else in callbacks. */
import {mkdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {GanError} from '../errors.js';
import {variableGrads} from '../backends/fused/variable-grads.js';
import {tf, type Tensor} from '../backends/tf.js';
import {Cancel, type AsyncEvent, type Callback, type InStepEvent, type Phase} from './callback.js';
import {ParamScheduler, combinedCosine} from './callbacks/param-scheduler.js';
import {Recorder} from './callbacks/recorder.js';
import {trainEval} from './callbacks/train-eval.js';
import {readCheckpoint, restoreNetworks, saveCheckpoint} from './checkpoint.js';
import type {Batch, DataLoader, DataLoaders} from './data/types.js';
import {normParameters, trainableParameters, type Splitter} from './groups.js';
import {Hyperparameters} from './hyperparameters.js';
import type {LossFunction} from './losses/loss.js';
import {metricMaker, type MetricsOption} from './metrics/metric.js';
import type {Module, Parameter} from './module.js';
import type {WeightAverage} from './optim/ema.js';
import type {Hypers, LrSlice, Optimizer, OptimizerFactory} from './optim/optimizer.js';
import {adam} from './optim/rules.js';
import {policies, type Compat, type Policies} from './policies.js';
import {isRepeatable} from './repeatable.js';
import {StepCapture, type CaptureMode} from './step-capture.js';
import {streams, type Streams} from './streams.js';
import {upload} from './upload.js';

export interface LearnerOptions {
  /** Default: Adam with fastai's defaults. */
  optFunc?: OptimizerFactory;
  lr?: number | LrSlice | number[];
  /** Divides the parameters into groups. Default: one group of all that are trainable. */
  splitter?: Splitter;
  cbs?: Callback[];
  /** Functions of (prediction, target), by the names of their columns, or metrics. */
  metrics?: MetricsOption;
  /** Folder for `save` and `load`; '.'. */
  path?: string;
  /** Folder in `path`; 'models'. */
  modelDir?: string;
  /** Weight decay; when absent the optimiser keeps its own. */
  wd?: number;
  /** Whether weight decay also shrinks biases and norm layers. */
  wdBnBias?: boolean;
  /** Whether norm layers of frozen groups are trained. */
  trainBn?: boolean;
  /** Momentum at the start, the peak and the end of `fitOneCycle`. */
  moms?: [number, number, number];
  /** Whether to add the train/eval and recorder callbacks. */
  defaultCbs?: boolean;
  compat?: Compat;
  streams?: Streams;
  /** Whether steps are repeated from recordings where they can be; 'auto'. Results are the same to the last bit. */
  capture?: CaptureMode;
}

/** The loss of a batch, and what the batch was. */
export interface LossRead {
  value: number;
  epoch: number;
  /** Index of the batch in its epoch. */
  iter: number;
  /** The optimiser's steps, that of this batch included. */
  step: number;
  training: boolean;
  /** Items in the batch. */
  batchSize: number;
  /** Learning rate of each parameter group in its step; empty in validation. */
  lrs: readonly number[];
}

export interface FitOptions {
  /** Absent: the learner's, and without one the optimiser's own. */
  wd?: number;
  /** Callbacks for this fit only. */
  cbs?: Callback[];
  /** Begin with a new optimiser. */
  resetOpt?: boolean;
  /** Count epochs from here; those before are skipped. */
  startEpoch?: number;
  /** Puts everything into a saved state (exact resume), before the first batch. */
  restore?: () => void | Promise<void>;
  /**
   * Batches of the first epoch that were done when the state was saved. With none, `restore` comes before the events that
   * begin an epoch, since they were still to come; otherwise after them, since they had been.
   */
  startIter?: number;
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
  /** Everything that steers the training and may change between steps, by name. */
  readonly hyperparameters = new Hyperparameters(() => this.hyperGroups());
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
  /** True while training, false while validating. */
  training = false;
  /** True inside `fit`. */
  fitting = false;
  /** The tensors of the current batch; callbacks may exchange them in `beforeBatch`. */
  input: Tensor | undefined;
  target: Tensor | undefined;
  /** What the model gave, and the loss: in `afterPred` and `afterLoss` they are on the gradient tape and may be replaced. */
  pred: Tensor | undefined;
  loss: Tensor | undefined;
  /** The loss of the batch just done, whose value is NaN until it has been read; undefined when the batch was cancelled before it. */
  latest: LossRead | undefined;
  /** The loss that was read last; in `afterLossRead` the one that the event is about. */
  read: LossRead | undefined;
  /** Items in the current batch. */
  batchSize = 0;
  /** The gradients of this step. */
  gradients: Map<Parameter, Tensor> = new Map();

  readonly #splitter: Splitter;
  readonly #optFunc: OptimizerFactory;
  readonly #wdBnBias: boolean;
  readonly #trainBn: boolean;
  readonly #everTrained = new Set<Parameter>();
  /** Losses on the device whose reading has begun, the oldest first. */
  readonly #unread: {read: LossRead; loss: Tensor; value: Promise<number>}[] = [];
  #callbacks: readonly Callback[] = [];
  #stopReason: string | undefined;

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
    this.#splitter = options.splitter ?? ((m) => [trainableParameters(m)]);
    this.#optFunc = options.optFunc ?? adam();
    this.#wdBnBias = options.wdBnBias ?? false;
    this.#trainBn = options.trainBn ?? true;
    this.capture = new StepCapture(options.capture ?? 'auto');
    const defaults = options.defaultCbs ?? true;
    this.recorder = defaults ? new Recorder(metricMaker(options.metrics)) : undefined;
    this.addCbs(...(this.recorder ? [trainEval, this.recorder] : []), ...(options.cbs ?? []));
  }

  /** Adds callbacks for good. */
  addCbs(...callbacks: Callback[]): this {
    this.#callbacks = [...this.#callbacks, ...callbacks].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)); // stable
    return this;
  }

  removeCbs(...callbacks: Callback[]): this {
    this.#callbacks = this.#callbacks.filter((callback) => !callbacks.includes(callback));
    return this;
  }

  /** The callbacks in the order in which they run. */
  get callbacks(): readonly Callback[] {
    return this.#callbacks;
  }

  /** Share of this fit's training that is done, by batches. */
  get position(): number {
    return (this.epoch * this.nIter + this.iter) / (this.nEpoch * this.nIter);
  }

  /** Ends the fit after this batch; its after-events still run. */
  readonly stop = (reason: string): void => {
    this.#stopReason = reason;
  };

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
    const groups = this.#splitter(this.model);
    const first = typeof this.lr === 'number' ? this.lr : NaN;
    const opt = this.#optFunc(groups, first);
    if (Number.isNaN(first)) opt.setHyper('lr', this.lr);
    if (!this.#wdBnBias) for (const parameter of normParameters(this.model, true)) opt.marks.noDecay.add(parameter);
    if (this.#trainBn) for (const parameter of normParameters(this.model, false)) opt.marks.forceTrain.add(parameter);
    this.#everTrained.clear();
    this.capture.clear();
    this.opt = opt;
    return opt;
  }

  /** Hyperparameters of the optimiser's groups: all under '', those of a part of the model under its name. */
  protected hyperGroups(): ReadonlyMap<string, readonly Hypers[]> {
    return new Map([['', (this.opt ?? this.createOpt()).hypers]]);
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
      this.step = 0;
      this.#stopReason = undefined;
      this.fitting = true;
      try {
        await this.#phase('Fit', () => this.#epochs(options));
      } finally {
        this.fitting = false;
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

  /** Runs the validation set, or other data, through the model and returns the loss and metrics of the validation columns. */
  async validate(
    loader: DataLoader | undefined = this.dls.valid,
    cbs: Callback[] = [],
  ): Promise<readonly (number | null)[]> {
    let values: readonly (number | null)[] = [];
    const keep: Callback = {
      name: 'keep',
      order: 100,
      afterValidate: () => void (values = this.recorder?.validated ?? []),
    };
    await this.#withCallbacks([...cbs, keep], async () => {
      await this.#event('beforeEpoch');
      await this.#phase('Validate', () => this.#validateBatches(loader));
      await this.#event('afterEpoch');
    });
    return values;
  }

  /** Writes networks and optimiser to `<path>/<modelDir>/<name>/` and returns that folder (fastai's save). */
  async save(name: string): Promise<string> {
    const folder = join(this.path, this.modelDir, name);
    await mkdir(dirname(folder), {recursive: true});
    await saveCheckpoint(this, folder, {epoch: this.epoch, batch: this.iter, step: this.step});
    return folder;
  }

  /** Puts networks and optimiser into the state that `save` wrote. */
  async load(name: string): Promise<this> {
    restoreNetworks(this, await readCheckpoint(join(this.path, this.modelDir, name)));
    return this;
  }

  /** What callbacks need to carry on, by their names. */
  callbackStates(): Record<string, unknown> {
    return Object.fromEntries(
      this.callbacks.filter(({save}) => save).map((callback) => [callback.name, callback.save!()]),
    );
  }

  loadCallbackStates(states: Record<string, unknown>): void {
    for (const callback of this.callbacks)
      if (callback.load && callback.name in states) callback.load(states[callback.name]);
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
    while (this.#unread.length > leave) {
      const {read, loss, value} = this.#unread.shift()!;
      try {
        read.value = await value;
      } finally {
        loss.dispose();
      }
      this.read = read;
      await this.#event('afterLossRead');
    }
  }

  /** Begins to read the loss of this batch, and goes on without waiting for it. */
  #beginRead(): void {
    const {epoch, iter, step, training, batchSize} = this;
    const loss = tf.clone(this.loss!);
    const value = loss.data().then(([number]) => number!);
    value.catch(() => {}); // thrown by `readLosses`, which may come later
    this.latest = {
      value: NaN,
      epoch,
      iter,
      step,
      training,
      batchSize,
      lrs: training ? this.opt!.hypers.map(({lr}) => lr) : [],
    };
    this.#unread.push({read: this.latest, loss, value});
  }

  /** Names of the parameters of the model. */
  parameterNames(): Map<Parameter, string> {
    return new Map(this.model.namedParameters().map(([name, parameter]) => [parameter, name]));
  }

  /** Parameters that have taken part in a step of this optimiser. */
  get everTrained(): Set<Parameter> {
    return this.#everTrained;
  }

  async #withCallbacks(extra: Callback[], body: () => Promise<void>): Promise<void> {
    this.addCbs(...extra);
    try {
      await body();
    } finally {
      tf.dispose(this.#unread.splice(0).map(({loss}) => loss)); // of a fit that failed
      for (const callback of this.callbacks) callback.release?.(this);
      this.removeCbs(...extra);
    }
  }

  async #event(event: AsyncEvent): Promise<void> {
    for (const callback of this.callbacks) await callback[event]?.(this);
  }

  #eventNow(event: InStepEvent): void {
    for (const callback of this.callbacks) callback[event]?.(this);
  }

  /** before-event, body, after-event; a Cancel of this phase skips the rest of the body. */
  async #phase(phase: Exclude<Phase, 'Step'>, body: () => Promise<void>): Promise<void> {
    try {
      await this.#event(`before${phase}`);
      await body();
    } catch (error) {
      if (!(error instanceof Cancel && error.phase === phase)) throw error;
      await this.#event(`afterCancel${phase}`);
    }
    if (phase !== 'Batch') await this.readLosses();
    await this.#event(`after${phase}`);
  }

  async #epochs({startEpoch = 0, startIter = 0, restore}: FitOptions): Promise<void> {
    if (startIter === 0) await restore?.();
    for (let epoch = startEpoch; epoch < this.nEpoch && this.#stopReason === undefined; epoch++) {
      this.epoch = epoch;
      await this.#phase('Epoch', async () => {
        await this.#train(startIter > 0 && epoch === startEpoch ? restore : undefined);
        if (this.#stopReason === undefined) await this.#phase('Validate', () => this.#validateBatches(this.dls.valid));
      });
    }
  }

  async #train(restore: FitOptions['restore']): Promise<void> {
    this.training = true;
    this.iter = 0;
    this.nIter = this.dls.train.length;
    await this.#phase('Train', async () => {
      await restore?.();
      for await (const batch of this.dls.train.epoch(this.epoch, this.iter)) {
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
    for await (const batch of loader.epoch(0)) {
      await this.#batch(batch, () => this.#validateBatch());
      this.iter++;
    }
  }

  async #batch(batch: Batch, run: () => Promise<void>): Promise<void> {
    this.input = upload(batch.input, this.dls.normalization);
    this.target = upload(batch.target, this.dls.normalization);
    this.batchSize = batch.size;
    this.latest = undefined;
    try {
      await this.#phase('Batch', run);
    } finally {
      tf.dispose([this.input, this.target, this.pred, this.loss]);
      this.input = this.target = this.pred = this.loss = undefined;
    }
  }

  /** Model and loss; in training on the gradient tape. */
  #forward(): Tensor {
    this.pred = this.model.forward(this.input!);
    this.#eventNow('afterPred');
    this.loss = this.lossFunc(this.pred, this.target!);
    this.#eventNow('afterLoss');
    tf.keep(this.pred);
    return this.loss;
  }

  async #validateBatch(): Promise<void> {
    this.loss = tf.tidy(() => this.#forward());
    this.#beginRead();
    await this.readLosses(1);
  }

  async #trainBatch(): Promise<void> {
    const wanted = this.opt!.parameters().filter(({requiresGrad}) => requiresGrad);
    if (wanted.length === 0)
      throw new GanError(
        'usage',
        'GAN_FROZEN',
        'every parameter of the optimiser is frozen: there is nothing to train',
        {suggestions: ['setFreezeModel(model, true) makes them trainable']},
      );
    this.capture.run(this, () => this.#trainStep(wanted), wanted, this.stepMode());
    this.step++;
    this.#beginRead();
    await this.readLosses(1);
  }

  /** Beside trainable parameters, train/eval modes and shapes: what decides which operations a training step has. */
  protected stepMode(): string {
    return '';
  }

  /** Whether the loss runs the same operations in every step of one mode (see `repeatable`). */
  lossRepeats(): boolean {
    return isRepeatable(this.lossFunc);
  }

  /** Prediction, loss, gradients, update: everything of a step that happens on the device. */
  #trainStep(wanted: readonly Parameter[]): void {
    const {value, grads} = variableGrads(
      () => {
        const loss = this.#forward();
        this.#eventNow('beforeBackward');
        return loss as ReturnType<typeof tf.scalar>;
      },
      wanted.map(({variable}) => variable),
    );
    this.loss = value;
    try {
      this.gradients = new Map(
        wanted.flatMap((parameter) =>
          grads[parameter.variable.name] ? [[parameter, grads[parameter.variable.name]!]] : [],
        ),
      );
      this.#eventNow('afterBackward');
      this.#optimize();
    } finally {
      tf.dispose([...this.gradients.values()]);
      this.gradients = new Map();
    }
  }

  #optimize(): void {
    try {
      this.#eventNow('beforeStep');
      if (this.policies.frozenInStep === 'zero-gradient') this.#addZeroGradients();
      this.opt!.step(this.gradients);
    } catch (error) {
      if (!(error instanceof Cancel && error.phase === 'Step')) throw error;
    }
    this.#eventNow('afterStep');
  }

  /** fastai zeroes gradients instead of dropping them, so that whatever was trained once takes part in every later step. */
  #addZeroGradients(): void {
    for (const parameter of this.gradients.keys()) this.#everTrained.add(parameter);
    for (const parameter of this.#everTrained)
      if (!this.gradients.has(parameter)) this.gradients.set(parameter, tf.zeros(parameter.shape));
  }
}
