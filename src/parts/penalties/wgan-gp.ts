import type {Gan} from '../../plugin/index.js';

/** Keeps the square root's derivative finite where the slope is 0. */
const tiny = 1e-12;

/**
 * lambda times the mean over the batch of (|d score / d image| - 1)^2 at random points between real and generated
 * images (arXiv 1704.00028, equation 3, lambda 10). One-sided, only norms above the target count (its section 4, and
 * arXiv 1709.08894). The paper's critic has no batch norm: `--set arch.criticNorm=none` or `instance`.
 */
export default ({penalty, opt, tf}: Gan) =>
  penalty({
    name: 'wgan-gp',
    summary:
      "Gradient penalty: pushes the norm of the critic's gradient between real and generated images towards 1 (arXiv 1704.00028).",
    options: {
      lambda: opt.num(10, {min: 0, help: 'weight'}),
      target: opt.num(1, {min: 0, help: 'target for the norm of the gradient'}),
      oneSided: opt.bool(false, {help: 'penalise only norms above the target'}),
      every: opt.int(1, {min: 1, help: 'apply the penalty only in every nth critic step, n times as heavy'}),
    },
    create: ({lambda, target, oneSided, every}) => ({
      network: 'critic',
      every,
      compute({real, fake, critic, random}) {
        const [n, ...axes] = real.images.shape as [number, ...number[]];
        const mix = random.uniform([n, ...axes.map(() => 1)]);
        const between = tf.add(fake.images, tf.mul(mix, tf.sub(real.images, fake.images)));
        const slope = tf.grad((images) => tf.sum(critic(images)))(between); // [n, h, w, c]
        const squares = tf.sum(
          tf.square(slope),
          axes.map((_, i) => i + 1),
        );
        const norms = tf.sqrt(tf.add(squares, tiny)); // [n]
        const distances = tf.sub(norms, target);
        return tf.mul(tf.mean(tf.square(oneSided ? tf.relu(distances) : distances)), lambda);
      },
      repeatable: true,
    }),
  });
