import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'resnet',
    summary: "SNGAN's residual networks with a hinge loss and an averaged generator, for a GPU.",
    create: () => ({
      source:
        'arXiv 1802.05957, section 4 and appendix B.4: hinge loss, spectral normalisation, Adam with a learning rate of 0.0002, beta 1 of 0 and beta 2 of 0.9, five critic steps, batches of 64, a rate that falls to 0 linearly; average of the generator of arXiv 2006.06676, appendix D',
      values: {
        arch: 'resnet',
        loss: 'hinge',
        opt: {name: 'adam', mom: 0, sqrMom: 0.9, eps: 1e-8},
        switcher: {name: 'fixed', nCrit: 5, nGen: 1},
        schedule: {name: 'linear', from: 0},
        emaHalfLife: 100_000,
        size: 64,
        batchSize: 64,
        latent: 128,
        minutes: 60,
        lr: 2e-4,
        wd: 0,
        switchEval: false,
      },
    }),
  });
