import {Flags} from '@oclif/core';

/** `--weights`, which of the generator's weights a command uses. */
export const weightsFlag = Flags.option({
  options: ['averaged', 'trained'] as const,
  description:
    'averaged: the average over the training that gan fit --ema-half-life keeps; trained: as training left them (default: averaged where there is one)',
})();
