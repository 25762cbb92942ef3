import type {Gan} from '../../plugin/index.js';

/**
 * Least squares (LSGAN: arXiv 1611.04076, equation 2): half the mean squared distance of the scores from a target. The
 * defaults are the 0-1 coding of its equation 9; -1, 1 and 0 (equation 8) minimise the Pearson chi-squared divergence.
 */
export default ({loss, opt, tf}: Gan) =>
  loss({
    name: 'least-squares',
    summary: 'Least squares on raw scores; real images score high (LSGAN, arXiv 1611.04076).',
    options: {
      fake: opt.num(0, {help: "the critic's target for generated images (a in the paper)"}),
      real: opt.num(1, {help: "the critic's target for real images (b)"}),
      wanted: opt.num(1, {help: "the generator's target for its images (c)"}),
    },
    create(targets) {
      const distance = (scores: Parameters<typeof tf.square>[0], target: number) =>
        tf.mul(tf.mean(tf.square(tf.sub(scores, target))), 0.5);
      return {
        critic: ({real, fake}) => tf.add(distance(real.scores, targets.real), distance(fake.scores, targets.fake)),
        generator: ({fake}) => distance(fake.scores, targets.wanted),
        repeatable: true,
      };
    },
  });
