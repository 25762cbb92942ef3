import type {Gan} from '../../plugin/index.js';

/**
 * fastai's `gan_critic` (self-attention, arXiv 1805.08318; spectral norm, arXiv 1802.05957) beside its basic generator.
 */
export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'gan-critic',
    summary: 'Basic generator; critic with spectral norm, self-attention and dropout.',
    options: {
      nFeatures: opt.int(64, {min: 2, help: "channels of the generator's layer next to the image"}),
      nExtraLayers: opt.int(0, {min: 0, max: 1000, help: 'additional 3x3 layers in the generator'}),
      nf: opt.int(128, {min: 8, help: "channels of the critic's first layer"}),
      nBlocks: opt.int(3, {
        min: 1,
        max: 16,
        help: 'number of halvings in the critic after the first; an image of size 2^(nBlocks+3) gets a single score',
      }),
      p: opt.num(0.15, {min: 0, max: 1, help: 'probability of dropping a channel'}),
    },
    create: ({nFeatures, nExtraLayers, nf, nBlocks, p}) => ({
      generator: ({classes, ...wanted}) =>
        nn.besideLatents(classes, wanted.latentSize, (inSize) =>
          nn.basicGenerator(nn.plainSide('gan-critic', wanted), wanted.channels, {inSize, nFeatures, nExtraLayers}),
        ),
      critic: ({classes, ...wanted}) => {
        nn.plainSide('gan-critic', wanted);
        return nn.besideImages(classes, wanted, (nChannels) => nn.ganCritic({nChannels, nf, nBlocks, p}));
      },
    }),
  });
