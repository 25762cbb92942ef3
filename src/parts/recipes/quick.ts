import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'quick',
    summary: 'Small networks at 32x32 for a first look: minutes on a CPU.',
    create: () => ({
      source:
        'hinge loss (arXiv 1705.02894) with a spectrally normalised critic (arXiv 1802.05957); sizes, learning rate and steps chosen on builtin:shapes',
      values: {
        arch: {name: 'basic', nFeatures: 32, criticActivation: 'leaky', criticNorm: 'spectral'},
        loss: 'hinge',
        opt: {name: 'adam', mom: 0.5},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        size: 32,
        batchSize: 32,
        steps: 1500,
        lr: 2e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
