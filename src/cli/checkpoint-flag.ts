import {Flags} from '@oclif/core';

/** `--checkpoint`, the step of the checkpoint that a command uses of a run. */
export const checkpointFlag = Flags.integer({description: 'step of the checkpoint to use (default: the newest); gan runs show lists them', helpValue: 'STEP', min: 1});
