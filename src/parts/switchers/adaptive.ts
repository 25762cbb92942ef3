import type {Gan} from '../../plugin/index.js';

export default ({switcher, opt, nn}: Gan) =>
  switcher({
    name: 'adaptive',
    summary: 'Trains a network until its loss on a batch is below a threshold; without one, for a single step.',
    options: {
      genThresh: opt.num(undefined, {help: 'leave the generator below this loss'}),
      criticThresh: opt.num(undefined, {help: 'leave the critic below this loss'}),
    },
    create: ({genThresh, criticThresh}) =>
      nn.adaptiveSwitcher({
        ...(genThresh !== undefined && {genThresh}),
        ...(criticThresh !== undefined && {criticThresh}),
      }),
  });
