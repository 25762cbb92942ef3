import type {AugmentationDraw, Gan, Tensor} from '../../plugin/index.js';

/**
 * DiffAugment's translation (arXiv 2006.10738): up to an eighth of each side in whole pixels; what comes in from
 * outside is 0.
 */
export default ({augmentation, nn, opt, tf}: Gan) =>
  augmentation({
    name: 'translation',
    summary: 'What the critic sees, real and generated, shifted by whole pixels (DiffAugment).',
    options: {
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image'}),
      ratio: opt.num(0.125, {min: 0, max: 1, help: 'largest shift, as a share of the side'}),
    },
    create: ({p, ratio}) => ({
      p,
      repeatable: true,
      apply(images: Tensor, draw: AugmentationDraw) {
        const [, height, width] = images.shape as [number, number, number, number];
        const most = (side: number): number => Math.floor(side * ratio + 0.5);
        const down = draw.int(-most(height), most(height), 0);
        const right = draw.int(-most(width), most(width), 0);
        const [ones, zeros] = [tf.onesLike(down), tf.zerosLike(down)];
        const maps = tf.concat([ones, zeros, tf.neg(right), zeros, ones, tf.neg(down)], 1);
        return nn.affineSample(images, tf.reshape(maps, [-1, 6]), {outside: 'zero'});
      },
    }),
  });
