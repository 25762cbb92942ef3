import type {Callback} from '../callback.js';
import type {Learner} from '../learner.js';
import {LossMetric, type Metric} from '../metrics/metric.js';
import {SmoothLoss} from '../smoothing.js';

/** One row: as many values as there are `columns`; null where there was nothing to average. */
export interface EpochRow {
  epoch: number;
  /** Values of the columns after `epoch`. */
  values: (number | null)[];
  seconds: number;
}

interface RecorderState {
  smooth: [number, number];
  train: unknown[];
  elapsedMs: number;
}

/**
 * Losses, learning rates and the row of each epoch (fastai's Recorder). Columns: epoch, train_loss, valid_loss and the
 * metrics of the validation; with `trainMetrics` also or only those of the training.
 */
export class Recorder implements Callback {
  readonly name = 'recorder';
  readonly runAfter = ['train-eval', 'gan-trainer', 'switcher', 'discriminative-lr'];
  /** Compute the metrics on training batches. */
  trainMetrics: boolean;
  /** Compute the metrics on validation batches. */
  validMetrics: boolean;
  /** Keep `losses`, `lrs` and all `rows`, or the last row only: they grow with every step. */
  keepsSteps = true;
  /** Smoothed loss after every training step, of both networks mixed. */
  losses: number[] = [];
  /** Learning rate of the last group at every training step. */
  lrs: number[] = [];
  rows: EpochRow[] = [];
  columns: string[] = [];
  readonly smoothLoss = new SmoothLoss();
  readonly #validLoss = new LossMetric('loss', ({value}) => value);
  readonly #train: Metric[];
  readonly #valid: Metric[];
  #trained: (number | null)[] = [];
  #validated: (number | null)[] = [];
  #start = 0;

  /** @param makeMetrics called twice: training and validation have averages of their own */
  constructor(
    makeMetrics: () => Metric[],
    {trainMetrics = false, validMetrics = true}: {trainMetrics?: boolean; validMetrics?: boolean} = {},
  ) {
    this.trainMetrics = trainMetrics;
    this.validMetrics = validMetrics;
    this.#train = makeMetrics();
    this.#valid = makeMetrics();
  }

  beforeFit(): void {
    this.losses = [];
    this.lrs = [];
    this.rows = [];
    this.smoothLoss.reset();
    this.columns = ['epoch', ...this.#valueColumns()];
  }

  #valueColumns(): string[] {
    const names = this.#train.map(({name}) => name);
    if (this.trainMetrics && this.validMetrics)
      return ['train', 'valid'].flatMap((kind) => ['loss', ...names].map((name) => `${kind}_${name}`));
    return this.validMetrics
      ? ['train_loss', 'valid_loss', ...names]
      : ['train_loss', ...(this.trainMetrics ? names : [])];
  }

  beforeEpoch(): void {
    this.#start = performance.now();
    this.#trained = [];
    this.#validated = [];
  }

  beforeTrain(): void {
    for (const metric of this.#train) metric.reset();
  }

  beforeValidate(): void {
    for (const metric of this.#validating()) metric.reset();
  }

  #validating(): Metric[] {
    return this.validMetrics ? [this.#validLoss, ...this.#valid] : [];
  }

  async afterBatch(learn: Learner): Promise<void> {
    for (const metric of this.#metricsOf(learn.training)) if (!metric.ofLoss) await metric.accumulate(learn);
    if (learn.training && this.keepsSteps) this.lrs.push(learn.opt!.hypers.at(-1)!.lr);
  }

  async afterLossRead(learn: Learner): Promise<void> {
    const {value, training} = learn.lastLoss!;
    if (training) {
      this.smoothLoss.add(value);
      if (this.keepsSteps) this.losses.push(this.smoothLoss.value!);
    }
    for (const metric of this.#metricsOf(training)) if (metric.ofLoss) await metric.accumulate(learn);
  }

  #metricsOf(training: boolean): Metric[] {
    if (!training) return this.#validating();
    return this.trainMetrics ? this.#train : [];
  }

  afterTrain(): void {
    this.#trained = [this.smoothLoss.value ?? null, ...(this.trainMetrics ? valuesOf(this.#train) : [])];
  }

  afterValidate(): void {
    this.#validated = valuesOf(this.#validating());
  }

  /** Called by the learner before any callback's `afterEpoch`, which may look at the row. */
  endEpoch(learn: Learner): void {
    if (!this.keepsSteps) this.rows = [];
    this.rows.push({
      epoch: learn.epoch,
      values: [...this.#trained, ...this.#validated],
      seconds: (performance.now() - this.#start) / 1000,
    });
    for (const metric of this.#train) metric.reset();
    this.#start = performance.now();
  }

  /** Loss and metrics of the last validation. */
  get validated(): readonly (number | null)[] {
    return this.#validated;
  }

  save(): RecorderState {
    return {
      smooth: this.smoothLoss.save(),
      train: this.#train.map((metric) => metric.save?.() ?? null),
      elapsedMs: performance.now() - this.#start,
    };
  }

  load(state: unknown): void {
    const {smooth, train, elapsedMs} = state as RecorderState;
    this.smoothLoss.load(smooth);
    this.#train.forEach((metric, i) => metric.load?.(train[i]));
    this.#start = performance.now() - elapsedMs;
  }
}

function valuesOf(metrics: Metric[]): (number | null)[] {
  return metrics.map(({value}) => value ?? null);
}
