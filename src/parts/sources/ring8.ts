import type {Gan} from '../../plugin/index.js';

export default ({source, data, opt}: Gan) =>
  source({
    name: 'ring8',
    summary: 'Points around 8 places on a circle, to count the modes that a generator finds.',
    options: {
      count: opt.int(undefined, {min: 1, help: 'how many points; none: endless'}),
      seed: opt.int(0, {min: 0, help: "seed of the points; endless ones follow the run's seed"}),
    },
    defaults: () => ({recipe: 'points', arch: 'mlp', size: 1, channels: 2, metricImages: 2500}),
    create:
      ({count, seed}) =>
      () =>
        data.pointsSource({mixture: 'ring8', seed, ...(count !== undefined && {items: count})}),
  });
