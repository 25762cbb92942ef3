import type {Gan} from '../../plugin/index.js';

export default ({architecture, opt, nn}: Gan) =>
  architecture({
    name: 'mlp',
    summary: 'Fully connected networks for points and tiny images; the output is linear.',
    options: {
      layers: opt.int(3, {min: 0, max: 1000, help: 'hidden layers'}),
      width: opt.int(128, {min: 1, help: 'units of each hidden layer'}),
      activation: opt.oneOf(['relu', 'leaky'], 'relu', {help: 'leaky: LeakyReLU(0.2)'}),
    },
    create: (options) => ({
      generator: ({classes, ...wanted}) =>
        nn.mlpGenerator(nn.plainImages('mlp', wanted), {
          latentSize: wanted.latentSize,
          ...(classes !== undefined && {classes}),
          ...options,
        }),
      critic: ({classes, ...wanted}) =>
        nn.mlpCritic(nn.plainImages('mlp', wanted), {...(classes !== undefined && {classes}), ...options}),
    }),
  });
