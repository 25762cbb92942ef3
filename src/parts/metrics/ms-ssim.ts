import type {Gan} from '../../plugin/index.js';

export default ({measures, metric, opt}: Gan) =>
  metric({
    name: 'ms-ssim',
    summary:
      'How alike pairs of generated images are; more than pairs of real ones: too little variety (arXiv 1610.09585).',
    options: {pairs: opt.int(500, {min: 1, max: 1_000_000, help: 'random pairs of each set, at most'})},
    create: ({pairs}) => ({
      of: 'pictures',
      better: 'lower',
      compute({real, fake, rng}) {
        const value = measures.meanSimilarity(fake, pairs, rng.fork('fake'));
        return {value, parts: {real: measures.meanSimilarity(real, pairs, rng.fork('real'))}};
      },
    }),
  });
