import type {Gan} from '../../plugin/index.js';

/**
 * Images are taken as points, one axis a pixel value, and projected onto random directions of length 1. The distance of
 * two sets of numbers of one size is the mean difference of the sorted ones (Rabin et al. 2011, "Wasserstein barycenter
 * and its application to texture mixing"); its mean over the directions is the value. Of whole images, not of patches
 * as in arXiv 1710.10196.
 */
export default ({metric, opt, tf}: Gan) =>
  metric({
    name: 'swd',
    summary: 'Sliced Wasserstein distance of the pixels; needs no pretrained network.',
    options: {directions: opt.int(128, {min: 1, max: 100_000, help: 'random directions'})},
    create: ({directions}) => ({
      better: 'lower',
      async compute({real, fake, rng}) {
        const [n = 0] = real.shape;
        const features = real.size / n;
        const axes = rng.normal(features * directions);
        const sorted = tf.tidy(() => {
          const wild = tf.tensor2d(axes, [features, directions]);
          const lines = tf.div(wild, tf.norm(wild, 2, 0, true));
          // [directions, n]
          const projected = (images: typeof real) => tf.transpose(tf.matMul(tf.reshape(images, [n, features]), lines));
          return [projected(real), projected(fake)] as const;
        });
        const [a, b] = (await Promise.all(sorted.map((each) => each.data()))) as [Float32Array, Float32Array];
        tf.dispose([...sorted]);
        let total = 0;
        for (let from = 0; from < a.length; from += n) {
          const [left, right] = [a.slice(from, from + n).sort(), b.slice(from, from + n).sort()];
          for (let i = 0; i < n; i++) total += Math.abs(left[i]! - right[i]!);
        }
        return total / a.length;
      },
    }),
  });
