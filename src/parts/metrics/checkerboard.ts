import type {Gan} from '../../plugin/index.js';

export default ({measures, metric}: Gan) =>
  metric({
    name: 'checkerboard',
    summary:
      'Energy at half the sampling frequency, over that of the real images; above 1: a checkerboard, below: blur.',
    create: () => ({
      of: 'pictures',
      better: 'one',
      compute: ({real, fake}) => measures.checkerboardEnergy(fake) / measures.checkerboardEnergy(real),
    }),
  });
