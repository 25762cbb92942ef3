import type {Gan} from 'gankit/plugin';

/**
 * Keeps scores from drifting away (arXiv 1710.10196, appendix A.1). `real.slopes` are there for penalties of gradients.
 */
export default ({penalty, opt, tf}: Gan) =>
  penalty({
    name: 'drift',
    summary: 'Keeps the scores of real images near 0.',
    options: {weight: opt.num(0.001, {min: 0, help: 'weight of the mean squared score'})},
    create: ({weight}) => ({
      network: 'critic',
      compute: ({real}) => tf.mul(tf.mean(tf.square(real.scores)), weight),
      repeatable: true, // the same operations in every step
    }),
  });
