import type {Gan} from '../../plugin/index.js';

/** ADA (arXiv 2006.06676): its augmentations, with a probability that keeps the critic from knowing the real images. */
export default ({augmentation, nn, opt}: Gan) =>
  augmentation({
    name: 'ada',
    summary: 'What the critic sees moved, turned, scaled and recoloured, as much as the critic overfits (ADA).',
    options: {
      pipe: opt.oneOf(
        ['bgc', 'blit', 'geom', 'color', 'filter', 'noise', 'cutout', 'bg', 'bgcf', 'bgcfn', 'bgcfnc'],
        'bgc',
        {
          help:
            'groups of transforms: blit (mirror, quarter turns, whole pixels), geom (scale, rotate, move), color, ' +
            'filter, noise, cutout; bgc is the first three, and so on',
        },
      ),
      p: opt.num(0, {
        min: 0,
        max: 1,
        help: 'probability of each transform, for each image; where it begins if it adapts',
      }),
      target: opt.num(0.6, {
        min: 0,
        max: 1,
        help: 'p adapts until the mean sign of the scores of real images is this; 0: p stays',
      }),
      kimg: opt.num(500, {min: 0.001, help: 'thousand real images in which p can move by 1; 100 for fine-tuning'}),
      interval: opt.int(4, {min: 1, help: 'critic steps between two moves of p'}),
    },
    create: ({pipe, p, target, kimg, interval}) => ({
      ...nn.adaAugmentation(pipe),
      p,
      ...(target > 0 && {adapt: {target, kimg, interval}}),
    }),
  });
