import {GanError} from '../../errors.js';
import type {Launched} from '../../runs/ranks/ranks.js';

/** Ranks on a machine with few processors: enough to try it. */
const least = 16;

/**
 * What is wrong with a number of ranks: GAN_RANKS (exit 2) for more than the machine can run, or another number than
 * was started.
 * @param given of `--ranks`
 * @param launched where this process is one of several already
 * @param processors that this machine has for them
 */
export function wrongRanks(
  given: number | undefined,
  launched: Launched | undefined,
  processors: number,
): GanError | undefined {
  if (given === undefined || given === launched?.size) return undefined;
  if (launched)
    return new GanError('usage', 'GAN_RANKS', `--ranks ${given}: mpirun or srun has started ${launched.size} ranks.`, {
      suggestions: ['Leave out --ranks: the number is that of mpirun or srun.'],
    });
  const most = Math.max(least, processors);
  if (given <= most) return undefined;
  return new GanError(
    'usage',
    'GAN_RANKS',
    `--ranks ${given} are too many: this machine has ${processors} processors, and starts ${most} at most.`,
    {
      suggestions: [
        `--ranks ${Math.max(2, processors)}`,
        'For several machines: mpirun -n N gan fit ..., or srun (docs/clusters.md)',
      ],
    },
  );
}
