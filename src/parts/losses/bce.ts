import type {Gan} from '../../plugin/index.js';

/**
 * fastai's `gan_loss_from_func` with binary cross-entropy of logits (arXiv 1406.2661, non-saturating); real images
 * score high.
 */
export default ({loss, opt, nn, tf}: Gan) =>
  loss({
    name: 'bce',
    summary: 'Binary cross-entropy on raw scores, with an optional pixel loss.',
    options: {
      pixelWeight: opt.num(0, {
        min: 0,
        help: 'weight of the mean absolute difference between output and target, for image-to-image training',
      }),
    },
    create: ({pixelWeight}) => {
      const bce = nn.ganLossFromFunc(nn.l1, nn.adaptiveLoss(nn.bceWithLogits).forward, [1, 0]);
      return {
        critic: ({real, fake}) => bce.critLossFunc(real.scores, fake.scores),
        generator: ({real, fake}) => ({
          adversarial: bce.genLossFunc(fake.scores, fake.images, real.images),
          ...(pixelWeight > 0 && {pixel: tf.mul(nn.l1(fake.images, real.images), pixelWeight)}),
        }),
        repeatable: true,
      };
    },
  });
