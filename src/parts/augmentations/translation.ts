import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/**
 * DiffAugment's translation (arXiv 2006.10738): up to an eighth of each side in whole pixels; what comes in from
 * outside is 0.
 */
export default ({augmentation, opt, tf}: Gan) =>
  augmentation({
    name: 'translation',
    summary: 'What the critic sees, real and generated, shifted by whole pixels (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image'}),
      ratio: opt.num(0.125, {min: 0, max: 1, help: 'largest shift, as a share of the side'}),
    },
    create: ({p, ratio}) => {
      /** Matrices [n, side, side] that shift rows: 1 where the row's place minus the column's is the shift. */
      const shifts = (side: number, shift: Tensor): Tensor => {
        const places = tf.range(0, side);
        const apart = tf.sub(tf.reshape(places, [1, side, 1]), tf.reshape(places, [1, 1, side]));
        return tf.relu(tf.sub(1, tf.abs(tf.sub(apart, tf.reshape(shift, [-1, 1, 1])))));
      };
      return {
        p,
        repeatable: true,
        apply(images: Tensor, draw: AugmentationDraw) {
          const [n, height, width, channels] = images.shape as [number, number, number, number];
          const most = (side: number): number => Math.floor(side * ratio + 0.5);
          const down = shifts(height, draw.int(-most(height), most(height), 0));
          const right = shifts(width, draw.int(-most(width), most(width), 0));
          const moved = tf.matMul(down, tf.reshape(images, [n, height, width * channels]));
          const columns = tf.transpose(tf.reshape(moved, [n, height, width, channels]), [0, 2, 1, 3]);
          const both = tf.matMul(right, tf.reshape(columns, [n, width, height * channels]));
          return tf.transpose(tf.reshape(both, [n, width, height, channels]), [0, 2, 1, 3]);
        },
      };
    },
  });
