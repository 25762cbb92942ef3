import type {Gan} from '../../plugin/index.js';

export default ({switcher, opt, nn}: Gan) =>
  switcher({
    name: 'adaptive',
    summary:
      'Trains a network until its loss on a batch is below a threshold. Without a threshold, trains it for one step.',
    options: {
      genThresh: opt.num(undefined, {help: 'switch to the critic when the generator loss is below this'}),
      criticThresh: opt.num(undefined, {help: 'switch to the generator when the critic loss is below this'}),
    },
    create: ({genThresh, criticThresh}) =>
      nn.adaptiveSwitcher({
        ...(genThresh !== undefined && {genThresh}),
        ...(criticThresh !== undefined && {criticThresh}),
      }),
  });
