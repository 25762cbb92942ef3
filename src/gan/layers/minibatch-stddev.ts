import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {ShapeError} from '../shape-error.js';

/**
 * One more channel, which says how different the images of a group are: the standard deviation over the group, averaged
 * over pixels and channels. With it the critic sees a generator that makes the same image again and again.
 * @param x [batch, height, width, channels]
 * @param groupSize images of a group; image i is in group i mod (batch / size). Where it does not divide the batch, the
 * largest smaller size that does is taken.
 * @returns [batch, height, width, channels + 1]
 * @see arXiv 1710.10196, section 3; the groups are those of StyleGAN2 (arXiv 1912.04958)
 */
export function minibatchStddev(x: Tensor, groupSize = 4): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  let size = Math.min(groupSize, n);
  while (n % size !== 0) size--;
  const images = tf.reshape(x, [size, n / size, h * w * c]);
  const centred = tf.sub(images, tf.mean(images, 0, true));
  const deviations = tf.sqrt(tf.add(tf.mean(tf.square(centred), 0), 1e-8)); // [groups, h w c]
  const feature = tf.reshape(tf.mean(deviations, 1), [1, n / size, 1]);
  const channel = tf.reshape(tf.mul(feature, tf.ones([size, 1, h * w])), [n, h, w, 1]);
  return tf.concat([x, channel], 3);
}

/**
 * Adds a channel with the standard deviation over groups of images (arXiv 1710.10196, section 3). [batch, height,
 * width, c] -> [batch, height, width, c + 1].
 * @throws ShapeError for tensors that are not images; GanError GAN_ARGUMENT for a group of less than one image
 */
export class MinibatchStddev extends Module {
  static readonly repeatable = true;
  readonly groupSize: number;

  constructor(groupSize = 4) {
    super();
    if (!Number.isInteger(groupSize) || groupSize < 1)
      throw new GanError(
        'usage',
        'GAN_ARGUMENT',
        `MinibatchStddev: the group has ${groupSize} images, wanted a whole number >= 1`,
      );
    this.groupSize = groupSize;
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 4) throw new ShapeError('MinibatchStddev', x.shape, '[batch, height, width, channels]');
    return minibatchStddev(x, this.groupSize);
  }
}
