import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'wgan',
    summary: "WGAN with clipped weights, as in fastai's documentation.",
    create: () => ({
      source: "the example of fastai's vision.gan documentation, with a batch of 64 instead of 128, for CPUs",
      values: {
        arch: {name: 'basic', nExtraLayers: 1, criticActivation: 'leaky'},
        loss: 'wgan',
        opt: 'rmsprop',
        switcher: {name: 'fixed', nCrit: 5, nGen: 1},
        size: 64,
        latent: 100,
        batchSize: 64,
        lr: 2e-4,
        wd: 0,
        clip: 0.01,
        switchEval: false,
      },
    }),
  });
