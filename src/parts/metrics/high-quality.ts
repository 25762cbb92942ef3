import type {Gan} from '../../plugin/index.js';

export default ({metric, data}: Gan) =>
  metric({
    name: 'high-quality',
    summary: 'Share of generated points within three standard deviations of a mode of builtin:ring8 or grid25.',
    create: () => ({
      better: 'higher',
      assertShape: (shape) => data.assertPoints(shape),
      async compute({real, fake}) {
        const [known, points] = (await Promise.all([real.data(), fake.data()])) as [Float32Array, Float32Array];
        return data.countModes(points, data.mixtures[data.mixtureOf(known)]).highQuality;
      },
    }),
  });
