/** What a training step exchanges with the other processes that compute it. */
import {sumAllOverRanks} from '../backends/fused/all-reduce.js';
import {tf, type Tensor} from '../backends/tf.js';
import {BatchNorm} from './layers/batch-norm.js';
import type {Buffer, Module, Parameter} from './module.js';

/** What a step has computed of its images, weighted by their share. */
export interface StepParts {
  gradients: Map<Parameter, Tensor>;
  loss: Tensor;
  terms: Readonly<Record<string, Tensor>>;
}

/** Running statistics that each process has of its own images. */
export class RunningStatistics {
  readonly #buffers: readonly Buffer[];
  readonly #before: readonly unknown[];

  /** To be made before the step. */
  constructor(model: Module) {
    this.#buffers = model
      .modules()
      .filter((module) => module instanceof BatchNorm)
      .filter(({training, synchronised}) => training && !synchronised)
      .flatMap(({runningMean, runningVar}) => [runningMean, runningVar]);
    this.#before = this.#buffers.map(({variable}) => variable.dataId);
  }

  /** Those that the step has changed. */
  get changed(): readonly Buffer[] {
    return this.#buffers.filter(({variable}, i) => variable.dataId !== this.#before[i]);
  }
}

/**
 * Puts the sums over all ranks in the place of what this one has computed: gradients, losses, and the mean of running
 * statistics, which so stay alike in all ranks. The largest gradients are first on their way: they are those of layers
 * with few pixels, and while they travel the others are computed (capture/early-calls.ts). The old tensors are disposed
 * of.
 * @param share of this rank's images in the step
 */
export function sumStep({gradients, loss, terms}: StepParts, statistics: RunningStatistics, share: number): StepParts {
  const {changed} = statistics;
  const largestFirst = [...gradients].reverse().sort(([, a], [, b]) => b.size - a.size);
  const weighted = changed.map(({variable}) => tf.mul(variable, share));
  const own = [...largestFirst.map(([, gradient]) => gradient), loss, ...Object.values(terms), ...weighted];
  const sums = sumAllOverRanks(own).values();
  const next = (): Tensor => sums.next().value!;
  const summed = new Map(largestFirst.map(([parameter]) => [parameter, next()]));
  const result = {
    gradients: new Map([...gradients.keys()].map((parameter) => [parameter, summed.get(parameter)!])),
    loss: next(),
    terms: Object.fromEntries(Object.keys(terms).map((name) => [name, next()])),
  };
  for (const {variable} of changed) {
    const mean = next();
    variable.assign(mean);
    mean.dispose();
  }
  tf.dispose(own);
  return result;
}
