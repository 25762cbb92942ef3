import type {Gan} from 'gankit/plugin';

/** Keeps scores from drifting away (arXiv 1710.10196, appendix A.1). A penalty may also take gradients: `tf.grad` of the critic. */
export default ({penalty, opt, tf}: Gan) =>
  penalty({
    name: 'drift',
    summary: 'Keeps the scores of real images near 0.',
    options: {weight: opt.num(0.001, {min: 0, help: 'weight of the mean squared score'})},
    create:
      ({weight}) =>
      ({critic, real}) =>
        tf.mul(tf.mean(tf.square(critic(real))), weight),
  });
