import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';

/** `--checkpoint`, which of a run's checkpoints a command uses. */
export const checkpointFlag = Flags.string({
  description:
    'step of the checkpoint to use, or best, which gan fit --keep-best keeps (default: the newest); gan runs show lists them',
  helpValue: 'STEP|best',
});

/** The flag's value. @throws GanError GAN_USAGE */
export function checkpointOf({checkpoint}: {checkpoint?: string | undefined}): number | 'best' | undefined {
  if (checkpoint === undefined || checkpoint === 'best') return checkpoint;
  if (/^\d+$/.test(checkpoint)) return Number(checkpoint);
  throw new GanError(
    'usage',
    'GAN_USAGE',
    `--checkpoint ${checkpoint}: the step of a checkpoint, or best, is wanted.`,
    {suggestions: ['gan runs show RUN lists them']},
  );
}
