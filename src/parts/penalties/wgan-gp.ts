import type {Gan} from '../../plugin/index.js';

/** Keeps the square root's derivative finite where the slope is 0. */
const tiny = 1e-12;

/**
 * lambda times the mean over the batch of (|d score / d image| - 1)^2 at random points between real and generated images
 * (arXiv 1704.00028, equation 3, lambda 10). The paper's critic has no batch norm: `--set arch.criticNorm=none` or `instance`.
 */
export default ({penalty, opt, tf}: Gan) =>
  penalty({
    name: 'wgan-gp',
    summary:
      "Gradient penalty: pushes the norm of the critic's gradient between real and generated images towards 1 (arXiv 1704.00028).",
    options: {
      lambda: opt.num(10, {min: 0, help: 'weight'}),
      target: opt.num(1, {min: 0, help: 'target for the norm of the gradient'}),
    },
    create:
      ({lambda, target}) =>
      ({critic, real, fake, rng}) => {
        const axes = real.shape.slice(1);
        const mix = tf.tensor(rng.uniform(real.shape[0]), [real.shape[0], ...axes.map(() => 1)]);
        const between = tf.add(fake, tf.mul(mix, tf.sub(real, fake)));
        const slope = tf.grad((images) => tf.sum(critic(images)))(between); // [n, h, w, c]
        const norms = tf.sqrt(
          tf.add(
            tf.sum(
              tf.square(slope),
              axes.map((_, i) => i + 1),
            ),
            tiny,
          ),
        ); // [n]
        return tf.mul(tf.mean(tf.square(tf.sub(norms, target))), lambda);
      },
  });
