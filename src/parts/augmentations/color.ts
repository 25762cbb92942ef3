import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/** DiffAugment's colour (arXiv 2006.10738): brightness +-0.5, saturation 0 to 2, contrast 0.5 to 1.5, in this order. */
export default ({augmentation, opt, tf}: Gan) =>
  augmentation({
    name: 'color',
    summary: 'Brightness, saturation and contrast of what the critic sees, real and generated (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image'}),
      brightness: opt.num(0.5, {min: 0, help: 'added to all values of an image, at most so much in either direction'}),
      saturation: opt.num(1, {min: 0, help: 'factor of the distance from grey: between 1 - this and 1 + this'}),
      contrast: opt.num(0.5, {
        min: 0,
        help: "factor of the distance from the image's mean: between 1 - this and 1 + this",
      }),
    },
    create: ({p, brightness, saturation, contrast}) => ({
      p,
      repeatable: true,
      apply(images: Tensor, draw: AugmentationDraw) {
        const bright = tf.add(images, draw.uniform(-brightness, brightness, 0));
        const grey = tf.mean(bright, 3, true); // [n, h, w, 1]
        const colourful = tf.add(grey, tf.mul(tf.sub(bright, grey), draw.uniform(1 - saturation, 1 + saturation, 1)));
        const mean = tf.mean(colourful, [1, 2, 3], true); // [n, 1, 1, 1]
        return tf.add(mean, tf.mul(tf.sub(colourful, mean), draw.uniform(1 - contrast, 1 + contrast, 1)));
      },
    }),
  });
