import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/** DiffAugment's colour (arXiv 2006.10738): brightness +-0.5, saturation 0 to 2, contrast 0.5 to 1.5, in this order. */
export default ({augmentation, nn, opt, tf}: Gan) =>
  augmentation({
    name: 'color',
    summary: 'Brightness, saturation and contrast of what the critic sees, real and generated (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image; where it begins if it adapts'}),
      brightness: opt.num(0.5, {min: 0, help: 'added to all values of an image, at most so much in either direction'}),
      saturation: opt.num(1, {min: 0, help: 'factor of the distance from grey: between 1 - this and 1 + this'}),
      contrast: opt.num(0.5, {
        min: 0,
        help: "factor of the distance from the image's mean: between 1 - this and 1 + this",
      }),
      target: opt.num(0, {min: 0, max: 1, help: 'p adapts to this as that of ada does, such as 0.6; 0: p stays'}),
      kimg: opt.num(500, {min: 0.001, help: 'thousand real images in which p can move by 1'}),
    },
    create: ({p, brightness, saturation, contrast, target, kimg}) => ({
      p,
      ...(target > 0 && {adapt: {target, kimg, interval: 4}}),
      repeatable: true,
      apply(images: Tensor, draw: AugmentationDraw) {
        const channels = images.shape[3]!;
        const added = draw.uniform(-brightness, brightness, 0); // b, [n, 1, 1, 1]
        const colourful = draw.uniform(1 - saturation, 1 + saturation, 1); // s
        const factor = draw.uniform(1 - contrast, 1 + contrast, 1); // c
        // Neither brightness nor saturation moves the mean m of an image but by b. So all three are one map of a pixel
        // x with the grey g: c s x + c (1 - s) g + (1 - c) m + b
        const own = tf.reshape(tf.mul(factor, colourful), [-1, 1, 1]);
        const grey = tf.div(tf.sub(tf.reshape(factor, [-1, 1, 1]), own), channels);
        const matrices = tf.add(tf.mul(own, tf.expandDims(tf.eye(channels), 0)), grey); // [n, channels, channels]
        return nn.colorMap(images, {
          matrices,
          shifts: tf.tile(tf.reshape(added, [-1, 1]), [1, channels]),
          means: tf.sub(1, tf.reshape(factor, [-1, 1])),
        });
      },
    }),
  });
