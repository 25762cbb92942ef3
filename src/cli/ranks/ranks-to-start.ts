import {GanError} from '../../errors.js';
import type {Launched} from '../../runs/ranks/ranks.js';

/** Ranks on a machine with few processors: enough to try it. */
const least = 16;

/** The code of the errors that all ranks find alike. */
export const wrongRanks = 'GAN_RANKS';

/**
 * How many processes this command starts to do its work.
 * @param given of `--ranks`
 * @param launched where this process is one of several already
 * @param processors that this machine has for them
 * @returns undefined where it does the work itself
 * @throws GanError GAN_RANKS (exit 2) for more than the machine can run, or another number than was started
 */
export function ranksToStart(
  given: number | undefined,
  launched: Launched | undefined,
  processors: number,
): number | undefined {
  if (given === undefined) return undefined;
  if (launched) {
    if (given === launched.size) return undefined;
    throw new GanError('usage', wrongRanks, `--ranks ${given}: mpirun or srun has started ${launched.size} ranks.`, {
      suggestions: ['Leave out --ranks: the number is that of mpirun or srun.'],
    });
  }
  const most = Math.max(least, processors);
  if (given > most)
    throw new GanError(
      'usage',
      wrongRanks,
      `--ranks ${given} are too many: this machine has ${processors} processors, and starts ${most} at most.`,
      {suggestions: [`--ranks ${Math.max(2, processors)}`, 'Several machines: mpirun or srun starts gan fit (docs/clusters.md)']},
    );
  return given > 1 ? given : undefined;
}
