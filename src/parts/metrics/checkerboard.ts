import type {Gan} from '../../plugin/index.js';

/** The amplitudes are those of even checkerboards of as much energy, in levels of 255. */
export default ({measures, metric}: Gan) =>
  metric({
    name: 'checkerboard',
    summary:
      'Energy at half the sampling frequency, over that of the real images; above 1: a checkerboard or hard edges, below: blur.',
    create: () => ({
      of: 'pictures',
      better: 'one',
      compute({real, fake}) {
        const [, height = 0, width = 0] = real.shape;
        const amplitude = (energy: number): number => (255 * Math.sqrt(energy)) / ((height & ~1) * (width & ~1));
        const [ofFake, ofReal] = [measures.checkerboardEnergy(fake), measures.checkerboardEnergy(real)];
        return {value: ofFake / ofReal, parts: {amplitude: amplitude(ofFake), real: amplitude(ofReal)}};
      },
    }),
  });
