import type {Gan} from '../../plugin/index.js';

export default ({measures, metric, opt}: Gan) =>
  metric({
    name: 'recall',
    summary: 'Share of real images that lie among the generated ones: variety (arXiv 1904.06991).',
    options: {k: opt.int(3, {min: 1, help: 'which nearest neighbour bounds the ball of an image'})},
    create: ({k}) => ({
      of: 'features',
      better: 'higher',
      doubts: ({images}) =>
        images < 1000 ? ['with fewer than 1,000 images the value depends on their number; papers use 10,000'] : [],
      compute: async (sets) => (await measures.prdc(sets, k)).recall,
    }),
  });
