import type {Gan} from '../../plugin/index.js';

export default ({schedule, opt}: Gan) =>
  schedule({
    name: 'cosine',
    summary: 'The learning rate falls along half a cosine (arXiv 1608.03983, without restarts).',
    options: {end: opt.num(0, {min: 0, help: 'share of the learning rate at the end'})},
    create:
      ({end}) =>
      ({position}) =>
        end + ((1 - end) * (1 + Math.cos(Math.PI * position))) / 2,
  });
