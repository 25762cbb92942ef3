import type {Gan} from '../../plugin/index.js';

/** fastai's defaults (not the paper's .999 and 1e-8), its weight decay of 0.01 included: see the key `wd`. */
export default ({optimizer, opt, nn}: Gan) =>
  optimizer({
    name: 'adam',
    summary: 'Adam (arXiv 1412.6980).',
    options: {
      mom: opt.num(0.9, {min: 0, max: 1, help: 'decay of the average of gradients (beta 1)'}),
      sqrMom: opt.num(0.99, {min: 0, max: 1, help: 'decay of the average of squared gradients (beta 2)'}),
      eps: opt.num(1e-5, {min: 0, help: 'added to the root of the average of squared gradients'}),
    },
    create: (options) => nn.adam(options),
  });
