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
      p: opt.num(1, {min: 0, max: 1, help: 'probability for each image; where it begins if it adapts'}),
      ratio: opt.num(0.125, {min: 0, max: 1, help: 'largest shift, as a share of the side'}),
      target: opt.num(0, {min: 0, max: 1, help: 'p adapts to this as that of ada does, such as 0.6; 0: p stays'}),
      kimg: opt.num(500, {min: 0.001, help: 'thousand real images in which p can move by 1'}),
    },
    create: ({p, ratio, target, kimg}) => ({
      p,
      ...(target > 0 && {adapt: {target, kimg, interval: 4}}),
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
