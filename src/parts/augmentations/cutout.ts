import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/**
 * DiffAugment's cutout (arXiv 2006.10738): a box of half of each side, anywhere in the image and partly outside at its
 * rim, becomes 0.
 */
export default ({augmentation, nn, opt, tf}: Gan) =>
  augmentation({
    name: 'cutout',
    summary: 'What the critic sees, real and generated, with a box cut out of it (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image; where it begins if it adapts'}),
      ratio: opt.num(0.5, {min: 0, max: 1, help: 'side of the box, as a share of that of the image'}),
      target: opt.num(0, {min: 0, max: 1, help: 'p adapts to this as that of ada does, such as 0.6; 0: p stays'}),
      kimg: opt.num(500, {min: 0.001, help: 'thousand real images in which p can move by 1'}),
    },
    create: ({p, ratio, target, kimg}) => ({
      p,
      ...(target > 0 && {adapt: {target, kimg, interval: 4}}),
      repeatable: true,
      apply(images: Tensor, draw: AugmentationDraw) {
        const [, height, width] = images.shape as [number, number, number, number];
        const length = (side: number): number => Math.floor(side * ratio + 0.5);
        const first = (side: number): Tensor => {
          const half = Math.floor(length(side) / 2);
          // the middle is anywhere in the image; an unchanged image has its box outside
          return tf.reshape(draw.int(-half, side - half - (length(side) % 2), 2 * side), [-1, 1]);
        };
        const [top, left] = [first(height), first(width)];
        const boxes = tf.concat([top, left, tf.add(top, length(height)), tf.add(left, length(width))], 1);
        return nn.cutOut(images, boxes);
      },
    }),
  });
