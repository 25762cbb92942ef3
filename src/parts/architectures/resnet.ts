import type {Gan} from '../../plugin/index.js';

/** The residual networks of SNGAN (arXiv 1802.05957, appendix B.4). */
export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'resnet',
    summary: "SNGAN's residual networks, with convolutions fused with resampling.",
    options: {
      nFeatures: opt.int(undefined, {
        min: 2,
        help: "channels of the generator's layer next to the image; default: the paper's, 256 up to 32x32, where all layers have as many and the critic's half, and 64 above, doubled up to 4 times",
      }),
      norm: opt.oneOf(['batch', 'pixel', 'none'], 'batch', {help: 'normalisation in the generator'}),
      criticNorm: opt.oneOf(['spectral', 'none'], 'spectral', {help: 'normalisation in the critic'}),
      activation: opt.oneOf(['relu', 'leaky'], 'relu', {help: 'leaky: LeakyReLU(0.2)'}),
      resampling: opt.oneOf(['nearest', 'fir'], 'nearest', {
        help: "nearest: nearest-neighbour upsampling and average pooling; fir: StyleGAN2's filter [1, 3, 3, 1]",
      }),
      stddevGroup: opt.int(0, {
        min: 0,
        help: 'images of a group whose standard deviation the critic sees; 0: none',
      }),
    },
    create: ({nFeatures, norm, criticNorm, stddevGroup, ...shared}) => ({
      generator: ({classes, ...wanted}) =>
        nn.resnetGenerator(nn.plainImages('resnet', wanted), {
          latentSize: wanted.latentSize,
          ...(nFeatures !== undefined && {nFeatures}),
          norm,
          ...(classes !== undefined && {classes}),
          ...shared,
        }),
      critic: ({classes, ...wanted}) =>
        nn.resnetCritic(nn.plainImages('resnet', wanted), {
          ...(nFeatures !== undefined && {nFeatures}),
          norm: criticNorm,
          stddevGroup,
          ...(classes !== undefined && {classes}),
          ...shared,
        }),
    }),
  });
