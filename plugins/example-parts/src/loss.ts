import type {Gan} from 'gankit/plugin';

/**
 * Both halves in one place, so that their signs cannot drift apart. Real images score high. Each half may return named
 * terms instead of a scalar: their sum is minimised, and each is logged by its name.
 */
export default ({loss, opt, tf}: Gan) =>
  loss({
    name: 'soft-hinge',
    summary: 'Hinge loss with a rounded corner.',
    options: {margin: opt.num(1, {min: 0, help: 'scores beyond this margin hardly count'})},
    create: ({margin}) => ({
      critic: ({real, fake}) => ({
        real: tf.mean(tf.softplus(tf.sub(margin, real.scores))),
        fake: tf.mean(tf.softplus(tf.add(margin, fake.scores))),
      }),
      generator: ({fake}) => tf.neg(tf.mean(fake.scores)),
      repeatable: true, // the same operations in every step
    }),
  });
