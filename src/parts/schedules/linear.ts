import type {Gan} from '../../plugin/index.js';

export default ({schedule, opt}: Gan) =>
  schedule({
    name: 'linear',
    summary: 'The learning rate rises linearly at the beginning and falls linearly at the end.',
    options: {
      warmup: opt.num(0, {
        min: 0,
        max: 1,
        help: 'share of the training during which the learning rate rises from nearly 0',
      }),
      from: opt.num(0.5, {min: 0, max: 1, help: 'share of the training after which the learning rate falls'}),
      end: opt.num(0, {min: 0, help: 'share of the learning rate at the end'}),
    },
    create:
      ({warmup, from, end}) =>
      ({position, steps}) => {
        const rise = Math.min(1, (position + 1 / steps) / Math.max(warmup, 1 / steps));
        const fall = from < 1 ? Math.max(0, (position - from) / (1 - from)) : 0;
        return rise * (1 - fall * (1 - end));
      },
  });
