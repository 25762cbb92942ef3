import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) => recipe({
  name: 'gan',
  summary: 'Binary cross-entropy, one critic step to one generator step, as in DCGAN.',
  create: () => ({
    source: 'arXiv 1511.06434 section 4: Adam, learning rate 0.0002, beta 1 of 0.5, LeakyReLU of slope 0.2',
    values: {
      arch: {name: 'basic', criticActivation: 'leaky'},
      loss: 'bce',
      opt: {name: 'adam', mom: 0.5},
      switcher: {name: 'fixed', nCrit: 1, nGen: 1},
      lr: 2e-4,
      wd: 0,
      switchEval: false,
    },
  }),
});
