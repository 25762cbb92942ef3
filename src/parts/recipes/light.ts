import type {Gan} from '../../plugin/index.js';
import {lightSource, lightTraining} from './light-training.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'light',
    summary: 'Small networks for a processor at 64x64, planned for half an hour.',
    create: () => ({
      source: `as recipe quick: ${lightSource}; sizes, learning rate and weight of R1 chosen on builtin:emoji`,
      values: {
        ...lightTraining,
        emaHalfLife: 20_000,
        size: 64,
        minutes: 30,
        lr: 1e-3,
      },
    }),
  });
