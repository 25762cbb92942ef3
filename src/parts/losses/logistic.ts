import type {Gan} from '../../plugin/index.js';

/**
 * The logistic loss of the first GAN (arXiv 1406.2661, equation 1), in the form that StyleGAN gives it (arXiv
 * 1812.04948): the critic minimises mean softplus(-real) + mean softplus(fake). The generator minimises the
 * non-saturating mean softplus(-fake), or, saturating, -mean softplus(fake), which is mean log(1 - sigmoid(fake)): its
 * gradient vanishes where the critic is sure. `bce` has the mean of the critic's two halves in place of their sum, so
 * that a penalty weighs twice as much beside it.
 */
export default ({loss, opt, tf}: Gan) =>
  loss({
    name: 'logistic',
    summary: 'Non-saturating logistic loss on raw scores; real images score high (arXiv 1406.2661).',
    options: {
      saturating: opt.bool(false, {
        help: "the generator minimises log(1 - D(fake)), as in the paper's equation 1, in place of -log D(fake)",
      }),
    },
    create: ({saturating}) => ({
      critic: ({real, fake}) => tf.add(tf.mean(tf.softplus(tf.neg(real.scores))), tf.mean(tf.softplus(fake.scores))),
      generator: ({fake}) =>
        saturating ? tf.neg(tf.mean(tf.softplus(fake.scores))) : tf.mean(tf.softplus(tf.neg(fake.scores))),
      repeatable: true,
    }),
  });
