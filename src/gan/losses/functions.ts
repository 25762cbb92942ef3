import {tf} from '../../backends/tf.js';
import {repeatable} from '../repeatable.js';
import type {LossFunction} from './loss.js';

/** Mean squared error (torch's MSELoss). */
export const mse: LossFunction = repeatable((output, target) => tf.mean(tf.square(tf.sub(output, target))));

/** Mean absolute error (torch's L1Loss). */
export const l1: LossFunction = repeatable((output, target) => tf.mean(tf.abs(tf.sub(output, target))));

/**
 * Mean binary cross-entropy of logits, max(x, 0) - x y + log(1 + exp(-|x|)), which does not overflow (torch's
 * BCEWithLogitsLoss).
 */
export const bceWithLogits: LossFunction = repeatable((logits, target) =>
  tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, target)), tf.softplus(tf.neg(tf.abs(logits))))),
);
