import {tf, type Tensor} from '../tf.js';
import {sumOverRanks} from './all-reduce.js';
import {activate, type BatchNormAttrs, type Normalized} from './batch-norm.js';
import {noGrad} from './no-grad.js';

/**
 * `batchNorm` with the statistics of the images of all ranks. The mean comes first and the variance is that of the
 * differences from it, as with one rank: sums of squares would cancel. That makes two exchanges on the way there, and
 * two on the way back.
 * @param attrs `share`: weight of this rank's images in a mean over all
 */
export function batchNormOverRanks(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  {eps, slope, share}: BatchNormAttrs & {share: number},
): Normalized {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const over = (own: Tensor): Tensor => sumOverRanks(tf.mul(own, share));
  const mean = over(tf.mean(x, axes));
  const centred = tf.sub(x, mean);
  const variance = over(tf.mean(tf.square(centred), axes));
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, eps)));
  const y = activate(tf.add(tf.mul(normal, weight), bias), slope);
  return {y, mean: noGrad(() => tf.clone(mean)), variance: noGrad(() => tf.clone(variance))};
}
