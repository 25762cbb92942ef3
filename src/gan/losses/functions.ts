import {tf, type Tensor} from '../../backends/tf.js';
import {GanError} from '../../errors.js';
import {repeatable} from '../repeatable.js';
import type {LossFunction} from './loss.js';

/** Mean squared error (torch's MSELoss). @throws GanError GAN_SHAPE where the shapes differ */
export const mse: LossFunction = repeatable((output, target) => {
  assertSameShape('mse', output, target);
  return tf.mean(tf.square(tf.sub(output, target)));
});

/** Mean absolute error (torch's L1Loss). @throws GanError GAN_SHAPE where the shapes differ */
export const l1: LossFunction = repeatable((output, target) => {
  assertSameShape('l1', output, target);
  return tf.mean(tf.abs(tf.sub(output, target)));
});

/**
 * Mean binary cross-entropy of logits, max(x, 0) - x y + log(1 + exp(-|x|)), which does not overflow (torch's
 * BCEWithLogitsLoss). @throws GanError GAN_SHAPE where the shapes differ
 */
export const bceWithLogits: LossFunction = repeatable((logits, target) => {
  assertSameShape('bceWithLogits', logits, target);
  return tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, target)), tf.softplus(tf.neg(tf.abs(logits)))));
});

/**
 * tfjs would repeat the smaller one: [4, 1] and [4] to [4, 4], each score against each label.
 * @throws GanError GAN_SHAPE where the shapes differ
 */
function assertSameShape(loss: string, output: Tensor, target: Tensor): void {
  const [got, wanted] = [output.shape, target.shape];
  if (got.length === wanted.length && got.every((size, axis) => size === wanted[axis])) return;
  const isRepeatable = wanted.length === 1 && wanted[0] === got[0];
  throw new GanError(
    'usage',
    'GAN_SHAPE',
    `${loss}: the output has the shape [${got.join(', ')}] and the target [${wanted.join(', ')}]; they must be equal`,
    {
      suggestions: [
        isRepeatable
          ? `new AdaptiveLoss(${loss}).forward repeats one target for each image over its outputs`
          : 'give the target the shape of the output: tf.reshape(target, output.shape), where the sizes agree',
      ],
    },
  );
}
