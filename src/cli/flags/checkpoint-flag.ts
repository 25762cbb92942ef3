import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';

/** `--checkpoint`, which of a run's checkpoints a command uses. */
export const checkpointFlag = Flags.string({
  description:
    'step of the checkpoint to use, or best for the one that gan fit --keep-best kept (default: the newest); gan runs show lists the checkpoints',
  helpValue: 'STEP|best',
});

/** The flag's value. @throws GanError GAN_USAGE */
export function checkpointOf({checkpoint}: {checkpoint?: string | undefined}): number | 'best' | undefined {
  if (checkpoint === undefined || checkpoint === 'best') return checkpoint;
  if (/^\d+$/.test(checkpoint)) return Number(checkpoint);
  throw new GanError('usage', 'GAN_USAGE', `--checkpoint ${checkpoint}: expected the step of a checkpoint, or best.`, {
    suggestions: ['gan runs show RUN lists them'],
  });
}
