import type {Gan} from '../../plugin/index.js';
import {lightSource, lightTraining} from './light-training.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'quick',
    summary:
      'Small networks at 32x32 for a first look: a minute and a half on two cores, twice that without native kernels.',
    create: () => ({
      source: `${lightSource}; sizes, learning rate, weight of R1 and steps chosen on builtin:shapes`,
      values: {
        ...lightTraining,
        emaHalfLife: 4000,
        size: 32,
        steps: 6000,
        lr: 2e-3,
      },
    }),
  });
