import {tf, type Tensor} from '../../backends/tf.js';
import type {TrainingStep} from '../training-step.js';

/** A scalar to be minimised, of what the model gave and what was wanted. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** Scalars whose sum is minimised, by the names under which they are logged. */
export type Terms = Readonly<Record<string, Tensor>>;

/**
 * What the two networks minimise: a scalar, or named terms. Both halves see the whole step; nothing is computed that
 * they do not ask for. In validation it is the generator's half that is asked.
 */
export interface StepLoss {
  critic(step: TrainingStep): Tensor | Terms;
  generator(step: TrainingStep): Tensor | Terms;
  /**
   * Both halves run the same operations in every step: then steps may be repeated from recordings. Absent: not known.
   */
  repeatable?: boolean;
}

/** The terms of what a loss or a penalty gave; a scalar is called `name`. */
export const namedTerms = (given: Tensor | Terms, name: string): Terms =>
  given instanceof tf.Tensor ? {[name]: given} : given;

/** The sum of at least one term; a single one as it is. */
export const sumOf = (terms: Terms): Tensor => Object.values(terms).reduce((sum, term) => tf.add(sum, term));
