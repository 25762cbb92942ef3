import type {Gan} from 'gankit/plugin';

/** Both halves in one place, so that their signs cannot drift apart. Real images score high. */
export default ({loss, opt, tf}: Gan) =>
  loss({
    name: 'soft-hinge',
    summary: 'Hinge loss with a rounded corner.',
    options: {margin: opt.num(1, {min: 0, help: 'scores beyond this margin hardly count'})},
    create: ({margin}) => ({
      critic: ({real, fake}) =>
        tf.add(tf.mean(tf.softplus(tf.sub(margin, real))), tf.mean(tf.softplus(tf.add(margin, fake)))),
      generator: ({fake}) => tf.neg(tf.mean(fake)),
    }),
  });
