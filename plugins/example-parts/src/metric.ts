import type {Gan} from 'gankit/plugin';

/** A number at the end of each epoch, from as many real images as generated ones. */
export default ({metric, tf}: Gan) =>
  metric({
    name: 'mean-gap',
    summary: 'Distance of the mean image of the data and of the generator, a pixel value.',
    create: () => ({
      better: 'lower',
      async compute({real, fake}) {
        const gap = tf.tidy(() => tf.mean(tf.abs(tf.sub(tf.mean(real, 0), tf.mean(fake, 0)))));
        const [value = NaN] = await gap.data(); // never dataSync: some backends cannot
        gap.dispose();
        return value;
      },
    }),
  });
