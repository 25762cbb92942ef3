import type {Gan} from '../../plugin/index.js';

export default ({measures, metric, opt}: Gan) =>
  metric({
    name: 'coverage',
    summary: 'Share of real images with a generated one nearby: variety (arXiv 2002.09797).',
    options: {k: opt.int(5, {min: 1, help: 'which nearest neighbour bounds the ball of an image'})},
    create: ({k}) => ({
      of: 'features',
      better: 'higher',
      doubts: ({images}) =>
        images < 1000 ? ['with fewer than 1,000 images the value depends on their number; papers use 10,000'] : [],
      compute: async (sets) => (await measures.prdc(sets, k)).coverage,
    }),
  });
