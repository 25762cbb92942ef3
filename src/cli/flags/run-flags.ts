import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';
import {deviceFlag} from './device-flag.js';

/** `--checkpoint`, which of a run's checkpoints a command uses. */
const checkpointFlag = Flags.string({
  description:
    'step of the checkpoint to use, or best for the one that gan fit --keep-best kept (default: the newest); gan runs show lists the checkpoints',
  helpValue: 'STEP|best',
});

/** The flag's value. @throws GanError GAN_USAGE */
export const checkpointOf = ({checkpoint}: {checkpoint?: string | undefined}): number | 'best' | undefined =>
  selectorOf(checkpoint, '--checkpoint');

/** A checkpoint as a flag names it. @throws GanError GAN_USAGE */
export function selectorOf(text: string | undefined, flag: string): number | 'best' | undefined {
  if (text === undefined || text === 'best') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new GanError('usage', 'GAN_USAGE', `${flag} ${text}: expected the step of a checkpoint, or best.`, {
    suggestions: ['gan runs show RUN   lists them'],
  });
}

/** `--weights`, which of the generator's weights a command uses. */
const weightsFlag = Flags.option({
  options: ['averaged', 'trained'] as const,
  description:
    'averaged: the average over the training that gan fit --ema-half-life keeps; trained: as training left them (default: averaged where there is one)',
})();

/** The flags of every command that opens a trained run. */
export const runFlags = {
  checkpoint: checkpointFlag,
  weights: weightsFlag,
  backend: Flags.string({description: 'name of the backend (default: auto)', helpValue: 'NAME'}),
  device: deviceFlag,
};
