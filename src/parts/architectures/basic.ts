import type {Gan} from '../../plugin/index.js';

const criticNorms = {batch: 'Batch', instance: 'Instance', spectral: 'Spectral', none: null} as const;

/** fastai's `basic_generator` and `basic_critic`, after DCGAN (arXiv 1511.06434). */
export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'basic',
    summary: 'Convolutional generator and critic, similar to DCGAN.',
    options: {
      nFeatures: opt.int(64, {min: 2, help: 'channels of the layer next to the image'}),
      nExtraLayers: opt.int(0, {min: 0, max: 1000, help: 'additional 3x3 layers, at half the size of the image'}),
      criticActivation: opt.oneOf(['relu', 'leaky'], 'relu', {
        help: "leaky: LeakyReLU(0.2), as in DCGAN and in fastai's documentation",
      }),
      criticNorm: opt.oneOf(['batch', 'instance', 'spectral', 'none'], 'batch', {help: 'normalisation in the critic'}),
    },
    create: ({nFeatures, nExtraLayers, criticActivation, criticNorm}) => ({
      generator: ({classes, ...wanted}) =>
        nn.besideLatents(classes, wanted.latentSize, (inSize) =>
          nn.basicGenerator(nn.plainSide('basic', wanted), wanted.channels, {inSize, nFeatures, nExtraLayers}),
        ),
      critic: ({classes, ...wanted}) =>
        nn.besideImages(classes, wanted, (channels) =>
          nn.basicCritic(nn.plainSide('basic', wanted), channels, {
            nFeatures,
            nExtraLayers,
            normType: criticNorms[criticNorm],
            ...(criticActivation === 'leaky' && {actCls: () => nn.leakyRelu(0.2)}),
          }),
        ),
    }),
  });
