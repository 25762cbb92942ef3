import type {Gan} from '../../plugin/index.js';

export default ({source, data, opt}: Gan) =>
  source({
    name: 'grid25',
    summary: 'Points around 25 places of a 5x5 grid, to count the modes that a generator finds.',
    options: {
      count: opt.int(undefined, {min: 1, help: 'how many points; none: endless'}),
      seed: opt.int(0, {min: 0, help: "seed of the points; endless ones follow the run's seed"}),
    },
    defaults: () => ({recipe: 'points', arch: 'mlp', size: 1, channels: 2, metricImages: 2500}),
    create:
      ({count, seed}) =>
      () =>
        data.pointsSource({mixture: 'grid25', seed, ...(count !== undefined && {items: count})}),
  });
