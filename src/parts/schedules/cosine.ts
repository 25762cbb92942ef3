import type {Gan} from '../../plugin/index.js';

export default ({schedule, opt}: Gan) =>
  schedule({
    name: 'cosine',
    summary: 'Half a cosine from the learning rate down (arXiv 1608.03983, without restarts).',
    options: {end: opt.num(0, {min: 0, help: 'what of the learning rate is left at the end'})},
    create:
      ({end}) =>
      ({position}) =>
        end + ((1 - end) * (1 + Math.cos(Math.PI * position))) / 2,
  });
