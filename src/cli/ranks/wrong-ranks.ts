import {availableParallelism} from 'node:os';
import {GanError} from '../../errors.js';
import type {Launched} from '../../runs/ranks/ranks.js';
import type {Apart} from './launched.js';

/** Variables by which mpirun finds other machines: a job of Slurm, PBS or LSF, or a file with hosts. */
const hostLists = [
  'SLURM_JOB_ID',
  'PBS_NODEFILE',
  'LSB_DJOB_HOSTFILE',
  'OMPI_MCA_orte_default_hostfile',
  'PRTE_MCA_prte_default_hostfile',
  'HYDRA_HOST_FILE',
  'I_MPI_HYDRA_HOST_FILE',
];

/** How many processors there are for ranks: those of this machine, without a limit where mpirun may use others. */
export const processorsOfRanks = (env: Readonly<Record<string, string | undefined>> = process.env): number =>
  hostLists.some((name) => env[name]) ? Infinity : availableParallelism();

/** Ranks on a machine with few processors: enough to try it. */
const least = 16;

/**
 * What is wrong with a number of ranks: GAN_RANKS (exit 2) for more than the machine can run, or another number than
 * was started.
 * @param given of `--ranks`
 * @param launched where this process is one of several already
 * @param processors that this machine has for them; Infinity where mpirun may use others (`processorsOfRanks`)
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
    `--ranks ${given} is too many: with ${processors} processors, this machine starts at most ${most}.`,
    {
      suggestions: [
        `--ranks ${Math.max(2, processors)}`,
        'For several machines: mpirun -n N gan fit ..., or srun (docs/clusters.md)',
      ],
    },
  );
}

/** Processes that would each train alone: GAN_RANKS (exit 2). */
export const notTogether = ({by, size}: Apart): GanError =>
  new GanError(
    'usage',
    'GAN_RANKS',
    by === 'srun'
      ? `srun has started ${size} processes that cannot find each other: it gave them no PMI.`
      : `torchrun has started ${size} processes, which cannot find each other: gan uses MPI.`,
    {
      suggestions:
        by === 'srun'
          ? [
              'srun --mpi=pmix gan fit ...   (--mpi=pmi2 for MPICH; srun --mpi=list tells what there is)',
              'If each is to train alone: env -u SLURM_STEP_NUM_TASKS gan fit ...',
            ]
          : [
              `mpirun -n ${size} gan fit ...   (docs/clusters.md)`,
              'If each is to train alone: env -u WORLD_SIZE gan fit ...',
            ],
    },
  );
