import type {Gan} from '../../plugin/index.js';

export default ({measures, metric, opt}: Gan) =>
  metric({
    name: 'kid',
    summary: 'Kernel distance of the features, unbiased also with few images (arXiv 1801.01401).',
    options: {
      subsets: opt.int(100, {min: 1, max: 100_000, help: 'random subsets to average over'}),
      subsetSize: opt.int(1000, {min: 2, max: 100_000, help: 'images in a subset, at most'}),
    },
    create: (options) => ({
      of: 'features',
      better: 'lower',
      compute: ({real, fake, rng}) => measures.kernelDistance({real, fake}, rng, options),
    }),
  });
