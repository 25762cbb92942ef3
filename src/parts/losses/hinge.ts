import type {Gan} from '../../plugin/index.js';

export default ({loss, tf}: Gan) =>
  loss({
    name: 'hinge',
    summary: 'Hinge loss on raw scores; real images score high (arXiv 1705.02894).',
    create: () => ({
      critic: ({real, fake}) =>
        tf.add(tf.mean(tf.relu(tf.sub(1, real.scores))), tf.mean(tf.relu(tf.add(1, fake.scores)))),
      generator: ({fake}) => tf.neg(tf.mean(fake.scores)),
      repeatable: true,
    }),
  });
