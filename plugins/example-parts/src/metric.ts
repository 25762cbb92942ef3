import type {Gan} from 'gankit/plugin';

/** A number at the end of each epoch, from as many real images as generated ones. */
export default ({metric, tf}: Gan) =>
  metric({
    name: 'mean-gap',
    summary: 'Distance between the mean real image and the mean generated image, as a pixel value.',
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
