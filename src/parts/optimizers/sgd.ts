import type {Gan} from '../../plugin/index.js';

export default ({optimizer, opt, nn}: Gan) =>
  optimizer({
    name: 'sgd',
    summary: 'Stochastic gradient descent, with optional momentum.',
    options: {mom: opt.num(0, {min: 0, max: 1, help: 'momentum, without damping'})},
    create: (options) => nn.sgd(options),
  });
