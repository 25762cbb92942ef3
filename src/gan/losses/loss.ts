import type {Tensor} from '../../backends/tf.js';
import type {TrainingStep} from '../training-step.js';
import type {Terms} from './terms.js';

/** A scalar to be minimised, of what the model gave and what was wanted. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

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
  /** On which side of 0 a trained critic scores real images; 'high' when absent. */
  realScores?: 'high' | 'low';
  /** Only differences of scores count, so that their signs are left to chance. Absent: the signs mean something. */
  onlyDifferences?: boolean;
}
