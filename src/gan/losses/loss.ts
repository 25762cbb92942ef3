import type {Tensor} from '../../backends/tf.js';

/** A scalar to be minimised, of what the model gave and what was wanted. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/**
 * Both halves of a loss. Scores are what the critic returns, [batch, ...]; results are scalars to be minimised.
 * `output` are the generator's images and `target` the real ones of the batch, NHWC.
 */
export interface GanLossPair {
  critic(scores: {real: Tensor; fake: Tensor}): Tensor;
  generator(scores: {fake: Tensor; output: Tensor; target: Tensor}): Tensor;
  /**
   * Both run the same operations in every step, with the same numbers: then steps may be repeated from recordings.
   * Absent: not known.
   */
  repeatable?: boolean;
}
