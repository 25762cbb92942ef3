import type {Gan} from '../../plugin/index.js';

/**
 * The relativistic pairing loss (RpGAN: arXiv 1807.00734, section 4; its form in arXiv 2501.05441, equation 1): of each
 * pair of a real and a generated image the critic wants the real one to score higher, the generator the generated one.
 */
export default ({loss, tf}: Gan) =>
  loss({
    name: 'relativistic',
    summary: 'Softplus of the difference of paired scores; real images score higher (arXiv 1807.00734).',
    create: () => ({
      critic: ({real, fake}) => tf.mean(tf.softplus(tf.sub(fake.scores, real.scores))),
      generator: ({real, fake}) => tf.mean(tf.softplus(tf.sub(real.scores, fake.scores))),
      repeatable: true,
      onlyDifferences: true,
    }),
  });
