import type {Gan} from '../../plugin/index.js';

export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'light',
    summary: 'Small networks for a processor, with convolutions fused with resampling.',
    options: {
      nFeatures: opt.int(8, {min: 1, help: 'channels of the layer next to the image; each halving doubles them'}),
      maxFeatures: opt.int(256, {min: 1, help: 'largest number of channels'}),
      nExtraLayers: opt.int(0, {min: 0, max: 1000, help: 'residual 3x3 layers more at each size'}),
      norm: opt.oneOf(['batch', 'pixel', 'none'], 'batch', {help: 'normalisation in the generator'}),
      criticNorm: opt.oneOf(['spectral', 'none'], 'spectral', {help: 'normalisation in the critic'}),
      resampling: opt.oneOf(['nearest', 'fir'], 'nearest', {
        help: "nearest: nearest-neighbour upsampling and average pooling; fir: StyleGAN2's filter [1, 3, 3, 1]",
      }),
      stddevGroup: opt.int(0, {
        min: 0,
        help: 'images of a group whose standard deviation the critic sees; 0: none',
      }),
    },
    create: ({norm, criticNorm, stddevGroup, ...sizes}) => ({
      generator: ({classes, ...wanted}) =>
        nn.lightGenerator(nn.plainImages('light', wanted), {
          latentSize: wanted.latentSize,
          norm,
          ...(classes !== undefined && {classes}),
          ...sizes,
        }),
      critic: ({classes, ...wanted}) =>
        nn.lightCritic(nn.plainImages('light', wanted), {
          norm: criticNorm,
          stddevGroup,
          ...(classes !== undefined && {classes}),
          ...sizes,
        }),
    }),
  });
