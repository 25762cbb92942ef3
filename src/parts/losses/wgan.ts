import type {Gan} from '../../plugin/index.js';

/**
 * Wasserstein loss (arXiv 1701.07875), by default with the sign that fastai gives it: critic mean(real) - mean(fake),
 * generator mean(fake), both minimised. So the critic scores real images LOW and fakes HIGH, the reverse of the paper
 * and of this project's other losses, and its loss is minus the estimate of the Wasserstein distance. With `real`
 * 'high' the signs are the paper's (equation 3): critic mean(fake) - mean(real), generator -mean(fake). Both train
 * alike.
 */
export default ({loss, opt, tf}: Gan) =>
  loss({
    name: 'wgan',
    summary: 'Wasserstein loss; real images score low, as in fastai. Needs a clipped or penalised critic.',
    options: {
      real: opt.oneOf(['low', 'high'], 'low', {
        help: 'how the critic scores real images: low as in fastai, high as in the paper (arXiv 1701.07875)',
      }),
    },
    create: ({real: side}) =>
      side === 'high'
        ? {
            critic: ({real, fake}) => tf.sub(tf.mean(fake.scores), tf.mean(real.scores)),
            generator: ({fake}) => tf.neg(tf.mean(fake.scores)),
            repeatable: true,
            onlyDifferences: true,
          }
        : {
            critic: ({real, fake}) => tf.sub(tf.mean(real.scores), tf.mean(fake.scores)),
            generator: ({fake}) => tf.mean(fake.scores),
            repeatable: true,
            onlyDifferences: true,
            realScores: 'low',
          },
  });
