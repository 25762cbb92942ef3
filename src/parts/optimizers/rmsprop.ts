import type {Gan} from '../../plugin/index.js';

export default ({optimizer, opt, nn}: Gan) =>
  optimizer({
    name: 'rmsprop',
    summary: 'RMSProp, without bias correction.',
    options: {
      mom: opt.num(0, {min: 0, max: 1, help: 'momentum'}),
      sqrMom: opt.num(0.99, {min: 0, max: 1, help: 'decay of the average of squared gradients'}),
    },
    create: (options) => nn.rmsProp(options),
  });
