import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'gan',
    summary: 'Binary cross-entropy with a spectrally normalised critic, one step each.',
    create: () => ({
      source:
        "losses of fastai's gan_loss_from_func; spectral normalisation of arXiv 1802.05957; Adam with beta 1 of 0.5 and LeakyReLU of slope 0.2 of arXiv 1511.06434, whose learning rate of 0.0002 is ten times as high here, since fastai starts with larger weights",
      values: {
        arch: {name: 'basic', criticActivation: 'leaky', criticNorm: 'spectral'},
        loss: 'bce',
        opt: {name: 'adam', mom: 0.5},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        lr: 2e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
