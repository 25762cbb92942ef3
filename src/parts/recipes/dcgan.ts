import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'dcgan',
    summary: 'DCGAN as its authors trained it: binary cross-entropy, batch norm in both networks, one step each.',
    create: () => ({
      source:
        "arXiv 1511.06434, section 4: Adam with a learning rate of 0.0002 and beta 1 of 0.5, batches of 128, LeakyReLU of slope 0.2, 64x64; beta 2 and epsilon of arXiv 1412.6980. Weights start as fastai's do, not from N(0, 0.02), and latents are normal, not uniform",
      values: {
        arch: {name: 'basic', criticActivation: 'leaky', criticNorm: 'batch'},
        loss: 'bce',
        opt: {name: 'adam', mom: 0.5, sqrMom: 0.999, eps: 1e-8},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        size: 64,
        latent: 100,
        batchSize: 128,
        lr: 2e-4,
        wd: 0,
        switchEval: false,
      },
    }),
  });
