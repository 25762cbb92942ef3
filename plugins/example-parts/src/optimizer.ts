import type {Gan} from 'gankit/plugin';

/** `averages` holds the state between steps. The optimizer saves it in checkpoints. */
export default ({optimizer, nn, opt, tf}: Gan) =>
  optimizer({
    name: 'sign',
    summary: 'Steps of equal size in the direction of the sign of the averaged gradient (arXiv 1802.04434).',
    options: {mom: opt.num(0.9, {min: 0, max: 1, help: 'decay of the average of gradients'})},
    create: ({mom}) =>
      nn.optimizer(
        {
          name: 'sign',
          averages: () => ['grad_avg'],
          update(gradient, {grad_avg}, _step, hypers) {
            const average = tf.add(tf.mul(grad_avg!, hypers['mom']!), tf.mul(gradient, 1 - hypers['mom']!));
            return {delta: tf.mul(tf.sign(average), hypers.lr), averages: {grad_avg: average}};
          },
        },
        {mom},
      ),
  });
