import type {Gan} from '../../plugin/index.js';

/**
 * gamma / 2 times the mean over the batch of |d score / d image|^2 at real images (arXiv 1801.04406, equation 9). With
 * `every` n it comes in each nth of the critic's steps, n times as heavy (arXiv 1912.04958, appendix B: 16).
 */
export default ({penalty, opt, tf}: Gan) =>
  penalty({
    name: 'r1',
    summary: "R1: pushes the critic's gradient at real images towards 0 (arXiv 1801.04406).",
    options: {
      gamma: opt.num(10, {min: 0, help: 'weight; the penalty is gamma / 2 times the mean squared gradient norm'}),
      every: opt.int(1, {min: 1, help: 'apply the penalty only in every nth critic step, n times as heavy'}),
    },
    create: ({gamma, every}) => ({
      network: 'critic',
      every,
      compute: ({real}) => tf.mul(tf.sum(tf.square(real.slopes)), gamma / 2 / real.images.shape[0]),
      repeatable: true,
    }),
  });
