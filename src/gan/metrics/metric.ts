import {tf, type Tensor} from '../../backends/tf.js';
import type {Learner, LossRead} from '../learner.js';

/** A number for a column of the epoch's row. */
export interface Metric {
  readonly name: string;
  reset(): void;
  /** True: of the loss, and called for each batch when `learn.lastLoss` is that of the batch. */
  readonly ofLoss?: boolean;
  /** Called after each batch, with the learner's `pred` and `target` of it. */
  accumulate(learn: Learner): void | Promise<void>;
  /** Undefined when there was nothing to average. */
  readonly value: number | undefined;
  save?(): unknown;
  load?(state: unknown): void;
}

/** A metric on a batch's predictions and targets: a scalar tensor or a number. Runs inside a tidy. */
export type MetricFunction = (pred: Tensor, target: Tensor) => Tensor | number;

/** Functions by the names of their columns, or a maker of metrics. */
export type MetricsOption = Record<string, MetricFunction> | (() => Metric[]);

/** A maker of the metrics that an option names; each call makes new ones. */
export function metricMaker(metrics: MetricsOption = {}): () => Metric[] {
  if (typeof metrics === 'function') return metrics;
  return () => Object.entries(metrics).map(([name, measure]) => AverageMetric.of(name, measure));
}

/** A mean over batches, weighted by their sizes. */
class Average {
  #total = 0;
  #count = 0;

  reset(): void {
    this.#total = 0;
    this.#count = 0;
  }

  /** Undefined where a batch has nothing to add. */
  protected add(value: number | undefined, batchSize: number): void {
    if (value === undefined) return;
    this.#total += value * batchSize;
    this.#count += batchSize;
  }

  get value(): number | undefined {
    return this.#count === 0 ? undefined : this.#total / this.#count;
  }

  save(): [number, number] {
    return [this.#total, this.#count];
  }

  load(state: unknown): void {
    [this.#total, this.#count] = state as [number, number];
  }
}

/** The mean of what `measure` gives for the loss of each batch. */
export class LossMetric extends Average implements Metric {
  readonly name: string;
  readonly ofLoss = true;
  readonly #measure: (read: LossRead, learn: Learner) => number | undefined;

  constructor(name: string, measure: (read: LossRead, learn: Learner) => number | undefined) {
    super();
    this.name = name;
    this.#measure = measure;
  }

  accumulate(learn: Learner): void {
    const read = learn.lastLoss!;
    this.add(this.#measure(read, learn), read.batchSize);
  }
}

/** The mean of what `measure` gives for each batch (fastai's AvgMetric). */
export class AverageMetric extends Average implements Metric {
  readonly name: string;
  readonly #measure: (learn: Learner) => number | undefined | Promise<number | undefined>;

  constructor(name: string, measure: (learn: Learner) => number | undefined | Promise<number | undefined>) {
    super();
    this.name = name;
    this.#measure = measure;
  }

  /** A metric of a plain function; its name is the column's. */
  static of(name: string, measure: MetricFunction): AverageMetric {
    return new AverageMetric(name, async ({pred, target}) => {
      if (!pred || !target) return undefined;
      const result = tf.tidy(() => {
        const value = measure(pred, target);
        return typeof value === 'number' ? tf.scalar(value) : value;
      });
      const [value] = await result.data();
      result.dispose();
      return value;
    });
  }

  async accumulate(learn: Learner): Promise<void> {
    this.add(await this.#measure(learn), learn.batchSize);
  }
}
