import type {Gan} from '../../plugin/index.js';

export default ({source, data, opt}: Gan) =>
  source({
    name: 'shapes',
    summary: 'Simple shapes with random colours, places and sizes, drawn by the program.',
    options: {
      count: opt.int(8192, {min: 1, help: 'how many images'}),
      seed: opt.int(0, {min: 0, help: 'seed of the images'}),
    },
    defaults: () => ({recipe: 'quick'}),
    create:
      ({count, seed}) =>
      ({height, width, channels}) =>
        data.shapesSource({
          size: [height, width],
          channels: channels as 1 | 2 | 3 | 4,
          items: count,
          seed,
        }),
  });
