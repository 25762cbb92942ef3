import type {Gan} from 'gankit/plugin';

/** A named set of values, as a configuration file would have them, and where they are from. */
export default ({recipe}: Gan) =>
  recipe({
    name: 'steady',
    summary: 'Hinge loss with flat scores around real images.',
    create: () => ({
      source: 'losses of arXiv 1705.02894, the penalty of arXiv 1801.04406; sizes chosen for a first look',
      values: {
        arch: {name: 'basic', nFeatures: 32, criticActivation: 'leaky', criticNorm: 'none'},
        loss: 'hinge',
        penalty: {name: 'r1', gamma: 1, every: 4},
        opt: {name: 'adam', mom: 0.5},
        size: 32,
        lr: 1e-3,
      },
    }),
  });
