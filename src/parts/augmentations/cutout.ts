import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/**
 * DiffAugment's cutout (arXiv 2006.10738): a box of half of each side, anywhere in the image and partly outside at its
 * rim, becomes 0.
 */
export default ({augmentation, opt, tf}: Gan) =>
  augmentation({
    name: 'cutout',
    summary: 'What the critic sees, real and generated, with a box cut out of it (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image'}),
      ratio: opt.num(0.5, {min: 0, max: 1, help: 'side of the box, as a share of that of the image'}),
    },
    create: ({p, ratio}) => {
      /** 1 at the places of a box [first, first + length), 0 elsewhere: [n, side]. */
      const inside = (side: number, length: number, first: Tensor): Tensor => {
        const places = tf.reshape(tf.range(0, side), [1, side]);
        const fromMiddle = tf.abs(tf.sub(places, tf.add(tf.reshape(first, [-1, 1]), (length - 1) / 2)));
        return tf.minimum(1, tf.relu(tf.sub((length + 1) / 2, fromMiddle)));
      };
      return {
        p,
        repeatable: true,
        apply(images: Tensor, draw: AugmentationDraw) {
          const [, height, width] = images.shape as [number, number, number, number];
          const along = (side: number): Tensor => {
            const length = Math.floor(side * ratio + 0.5);
            const half = Math.floor(length / 2);
            // the middle is anywhere in the image; an unchanged image has its box outside
            return inside(side, length, draw.int(-half, side - half - (length % 2), 2 * side));
          };
          const box = tf.mul(tf.expandDims(along(height), 2), tf.expandDims(along(width), 1)); // [n, h, w]
          return tf.mul(images, tf.expandDims(tf.sub(1, box), 3));
        },
      };
    },
  });
