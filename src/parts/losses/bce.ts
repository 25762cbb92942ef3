import type {Gan} from '../../plugin/index.js';

/** fastai's `gan_loss_from_func` with binary cross-entropy of logits (arXiv 1406.2661, non-saturating); real images score high. */
export default ({loss, opt, nn}: Gan) =>
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
      const {critLossFunc, genLossFunc} = nn.ganLossFromFunc(nn.l1, nn.adaptiveLoss(nn.bceWithLogits).forward, [
        1,
        pixelWeight,
      ]);
      return {
        critic: ({real, fake}) => critLossFunc(real, fake),
        generator: ({fake, output, target}) => genLossFunc(fake, output, target),
        repeatable: true,
      };
    },
  });
