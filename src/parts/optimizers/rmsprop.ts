import type {Gan} from '../../plugin/index.js';

export default ({optimizer, opt, nn}: Gan) =>
  optimizer({
    name: 'rmsprop',
    summary: 'RMSProp, without bias correction.',
    options: {
      mom: opt.num(0, {min: 0, max: 1, help: 'momentum'}),
      sqrMom: opt.num(0.99, {min: 0, max: 1, help: 'share of the old average of squares'}),
    },
    create: (options) => nn.rmsProp(options),
  });
