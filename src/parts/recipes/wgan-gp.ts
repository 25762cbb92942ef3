import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'wgan-gp',
    summary: 'WGAN with a gradient penalty instead of clipped weights.',
    create: () => ({
      source:
        'arXiv 1704.00028, algorithm 1: lambda 10, five critic steps to one generator step, Adam with a learning rate of 0.0001, beta 1 of 0 and beta 2 of 0.9, batches of 64; section 4: no batch norm in the critic. Epsilon of arXiv 1412.6980; networks of arXiv 1511.06434 in the place of ResNets',
      values: {
        arch: {name: 'basic', criticActivation: 'leaky', criticNorm: 'none'},
        loss: 'wgan',
        penalty: {name: 'wgan-gp', lambda: 10},
        opt: {name: 'adam', mom: 0, sqrMom: 0.9, eps: 1e-8},
        switcher: {name: 'fixed', nCrit: 5, nGen: 1},
        size: 64,
        batchSize: 64,
        lr: 1e-4,
        wd: 0,
        switchEval: false,
      },
    }),
  });
