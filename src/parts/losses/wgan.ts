import type {Gan} from '../../plugin/index.js';

/**
 * Wasserstein loss (arXiv 1701.07875) with the sign that fastai gives it: critic mean(real) - mean(fake), generator
 * mean(fake), both minimised. So the critic scores real images LOW and fakes HIGH, the reverse of the paper and of this
 * project's other losses, and its loss is minus the estimate of the Wasserstein distance.
 */
export default ({loss, tf}: Gan) =>
  loss({
    name: 'wgan',
    summary: 'Wasserstein loss; real images score low, as in fastai. Needs a clipped or penalised critic.',
    create: () => ({
      critic: ({real, fake}) => tf.sub(tf.mean(real.scores), tf.mean(fake.scores)),
      generator: ({fake}) => tf.mean(fake.scores),
      repeatable: true,
      realScores: 'low',
    }),
  });
