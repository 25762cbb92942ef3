import type {Gan} from '../../plugin/index.js';

export default ({measures, metric, opt}: Gan) =>
  metric({
    name: 'swd-pyramid',
    summary:
      'Sliced Wasserstein distance of patches, times 1000, on each level of the Laplacian pyramid (arXiv 1710.10196).',
    options: {
      patches: opt.int(128, {min: 1, max: 100_000, help: 'patches of each image and level'}),
      directions: opt.int(512, {min: 1, max: 100_000, help: 'random directions'}),
    },
    create: (options) => ({
      of: 'pictures',
      better: 'lower',
      doubts: ({images}) => (images < 16_384 ? ['the paper compares 16,384 images, with 128 patches of each'] : []),
      async compute({real, fake, rng}) {
        const levels = await measures.pyramidDistances({real, fake}, rng, options);
        const value = levels.reduce((sum, {distance}) => sum + distance, 0) / levels.length;
        return {
          value,
          parts: Object.fromEntries(levels.map(({height, width, distance}) => [`${height}x${width}`, distance])),
        };
      },
    }),
  });
