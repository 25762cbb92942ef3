import type {Gan} from '../../plugin/index.js';

export default ({metric, data}: Gan) =>
  metric({
    name: 'point-modes',
    summary: 'Modes of builtin:ring8 or grid25 with a generated point within three standard deviations.',
    create: () => ({
      better: 'higher',
      assertShape: (shape) => data.assertPoints(shape),
      async compute({real, fake}) {
        const [known, points] = (await Promise.all([real.data(), fake.data()])) as [Float32Array, Float32Array];
        return data.countModes(points, data.mixtures[data.mixtureOf(known)]).modes;
      },
    }),
  });
