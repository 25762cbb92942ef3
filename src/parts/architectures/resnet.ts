import type {Gan} from '../../plugin/index.js';

/** The residual networks of SNGAN (arXiv 1802.05957, appendix B.4). */
export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'resnet',
    summary: "SNGAN's residual networks, with resampling that leaves no checkerboard.",
    options: {
      width: opt.num(1, {
        min: 0.01,
        help: "factor of all channel counts; 1 is the paper's: 256 and 128 up to 32x32, 64 to 1024 above",
      }),
      norm: opt.oneOf(['batch', 'pixel', 'none'], 'batch', {help: 'normalisation in the generator'}),
      criticNorm: opt.oneOf(['spectral', 'none'], 'spectral', {help: 'normalisation in the critic'}),
      activation: opt.oneOf(['relu', 'leaky'], 'relu', {help: 'leaky: LeakyReLU(0.2)'}),
    },
    create: ({width, norm, criticNorm, activation}) => ({
      generator: (wanted) =>
        nn.resnetGenerator(nn.plainImages('resnet', wanted), {
          latentSize: wanted.latentSize,
          width,
          norm,
          activation,
        }),
      critic: (wanted) => nn.resnetCritic(nn.plainImages('resnet', wanted), {width, norm: criticNorm, activation}),
    }),
  });
