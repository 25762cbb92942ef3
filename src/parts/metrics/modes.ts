import type {Gan} from '../../plugin/index.js';

export default ({GanError, measures, metric}: Gan) =>
  metric({
    name: 'modes',
    summary: 'How many classes a classifier finds among the generated images (arXiv 1611.02163).',
    create: () => ({
      of: 'features',
      better: 'higher',
      compute({real, fake}) {
        if (!real.classes || !fake.classes)
          throw new GanError(
            'usage',
            'GAN_FEATURES',
            'the metric modes needs a classifier, but compares other features',
            {
              suggestions: ['gan classify DATA --out FILE, then --features FILE'],
            },
          );
        const counts = measures.countModes(fake.classes, real.classes, fake.classCount!);
        return {value: counts.modes, parts: {real: counts.realModes, kl: counts.divergence}};
      },
    }),
  });
