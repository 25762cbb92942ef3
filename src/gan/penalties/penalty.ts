import {GanError} from '../../errors.js';
import {perStepTensor} from '../../backends/capture/step-values.js';
import {tf, type Tensor} from '../../backends/tf.js';
import type {Hyperparameter} from '../hyperparameters.js';
import {namedTerms, type Terms} from '../losses/terms.js';
import type {Turn} from '../switchers/switcher.js';
import type {TrainingStep} from '../training-step.js';

/**
 * Something that a network minimises beside its loss. A penalty shares the step with the loss: what both ask for, such
 * as the scores of the real images, is computed once.
 */
export interface Penalty {
  /** Under this name it is logged; 'penalty'. A part has the name of the part. */
  readonly name?: string;
  /** The network whose loss it is added to. */
  readonly network: Turn;
  /**
   * It comes in every nth step of that network, beginning with the first, n times as heavy (arXiv 1912.04958, appendix
   * B); 1.
   */
  readonly every?: number;
  /** A scalar, or named terms. */
  compute(step: TrainingStep): Tensor | Terms;
  /** It runs the same operations in every step: then steps may be repeated from recordings. Absent: not known. */
  readonly repeatable?: boolean;
  /** What it keeps from step to step, as JSON, for resuming; or a promise of it, where it is on the device. */
  save?(): unknown;
  /** Takes over what `save` gave. */
  load?(state: unknown): void;
  /** Frees its tensors. */
  dispose?(): void;
}

/** Whether a penalty comes in a step of the network `turn` that has had `networkStep` steps before. */
export const isDue = ({network, every = 1}: Penalty, turn: Turn, networkStep: number): boolean =>
  network === turn && networkStep % every === 0;

/** What a penalty is multiplied by beside what its options say: its hyperparameter `penalty.NAME.weight`. */
export class PenaltyWeight implements Hyperparameter {
  #value = 1;

  get(): number {
    return this.#value;
  }

  set(value: number): void {
    this.#value = value;
  }

  /** A weight of 1 costs no operation, so that a step has other operations while this is true. */
  get counts(): boolean {
    return this.#value !== 1;
  }
}

/** The terms of a penalty that is due, called `name` or `name.term`. */
export function penaltyTerms(
  penalty: Penalty,
  name: string,
  step: TrainingStep,
  weight: PenaltyWeight = new PenaltyWeight(),
): Terms {
  const {every = 1} = penalty;
  const factor = weight.counts ? perStepTensor(() => Float32Array.of(every * weight.get()), []) : every;
  return Object.fromEntries(
    Object.entries(namedTerms(penalty.compute(step), '')).map(([term, value]) => [
      term === '' ? name : `${name}.${term}`,
      factor === 1 ? value : tf.mul(value, factor),
    ]),
  );
}

/**
 * The names of penalties, each once: r1, wgan-gp, r1 2.
 * @throws GanError GAN_ARGUMENT for a penalty without a network or without `compute`: it would never be due
 */
export function penaltyNames(penalties: readonly Penalty[]): string[] {
  const seen = new Map<string, number>();
  return penalties.map(({name = 'penalty', network, compute}) => {
    if ((network !== 'critic' && network !== 'generator') || typeof compute !== 'function')
      throw new GanError('config', 'GAN_ARGUMENT', `The penalty '${name}' does not say what it is added to.`, {
        suggestions: [
          "A penalty is {network: 'critic' or 'generator', compute(step)}; docs/plugins.md has an example.",
        ],
      });
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}
