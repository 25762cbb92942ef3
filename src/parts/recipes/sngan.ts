import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'sngan',
    summary: 'Hinge loss with a spectrally normalised critic, five critic steps to one generator step.',
    create: () => ({
      source:
        'arXiv 1802.05957, section 4 and table 1: Adam with a learning rate of 0.0002, beta 1 of 0 and beta 2 of 0.9, five critic steps, batches of 64; hinge loss of equations 16 and 17. Epsilon of arXiv 1412.6980; networks of arXiv 1511.06434, whose slope of LeakyReLU is 0.2, not 0.1',
      values: {
        arch: {name: 'basic', criticActivation: 'leaky', criticNorm: 'spectral'},
        loss: 'hinge',
        opt: {name: 'adam', mom: 0, sqrMom: 0.9, eps: 1e-8},
        switcher: {name: 'fixed', nCrit: 5, nGen: 1},
        size: 64,
        batchSize: 64,
        lr: 2e-4,
        wd: 0,
        switchEval: false,
      },
    }),
  });
