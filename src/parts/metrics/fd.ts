import type {Gan} from '../../plugin/index.js';

export default ({measures, metric}: Gan) =>
  metric({
    name: 'fd',
    summary: 'Frechet distance of the features; of Inception features it is FID (arXiv 1706.08500).',
    create: () => ({
      of: 'features',
      better: 'lower',
      doubts: ({images, size}) => [
        ...(images <= size
          ? [
              `${images} images are too few for the covariance of ${size} features: compare values of equally many images only`,
            ]
          : []),
        ...(images < 10_000 ? [`the value falls with more images; papers use 10,000 to 50,000`] : []),
      ],
      compute: ({real, fake}) => measures.frechetDistance(real, fake),
    }),
  });
