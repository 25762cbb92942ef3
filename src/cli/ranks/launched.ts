/** How a process finds out that it is one of several that were started together. Reads variables only. */
import type {Launched} from '../../runs/ranks/ranks.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the variables of mpirun or srun say that this is one of several processes; undefined where it is alone.
 *
 * - Open MPI's mpirun: OMPI_COMM_WORLD_*
 * - Hydra, which MPICH, Intel MPI and MVAPICH have, and `srun --mpi=pmi2`: PMI_RANK, PMI_SIZE
 * - `srun --mpi=pmix`: PMIX_RANK, and Slurm's own. Slurm's variables alone do not count: a batch script has them too,
 *   and without PMI the processes would not find each other.
 */
export function launchedRanks(env: Environment): Launched | undefined {
  const ofOpenMpi = numbers(env, 'OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE');
  const ofPmi = numbers(env, 'PMI_RANK', 'PMI_SIZE');
  const ofPmix = numbers(env, 'PMIX_RANK', 'SLURM_STEP_NUM_TASKS');
  const found = ofOpenMpi ?? ofPmi ?? ofPmix;
  if (!found || found[1] < 2) return undefined;
  const [rank, size] = found;
  const local =
    numbers(env, 'OMPI_COMM_WORLD_LOCAL_RANK', 'OMPI_COMM_WORLD_LOCAL_SIZE') ??
    numbers(env, 'MPI_LOCALRANKID', 'MPI_LOCALNRANKS') ??
    ofSlurm(env);
  return {
    rank,
    size,
    launcher: ofOpenMpi ? 'openmpi' : ofPmi ? 'mpich' : 'unknown',
    ...(local && {localRank: local[0], localSize: local[1]}),
  };
}

/** A process that was started with others, without what they would find each other by. */
export interface Apart {
  /** Who started them. */
  by: 'srun' | 'torchrun';
  rank: number;
  size: number;
}

/**
 * Where this is one of several processes that cannot find each other: srun has not given them a PMI (its `--mpi` is
 * `none`), or torchrun has started them. Each would train alone. Undefined elsewhere.
 */
export function startedApart(env: Environment): Apart | undefined {
  if (['OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'PMIX_RANK'].some((name) => env[name] !== undefined)) return undefined;
  // a batch script has no step, and a shell at a terminal (--pty) is one process for all
  const bySrun = env['SLURM_PTY_PORT'] === undefined ? numbers(env, 'SLURM_PROCID', 'SLURM_STEP_NUM_TASKS') : undefined;
  const byTorchrun = env['TORCHELASTIC_RUN_ID'] === undefined ? undefined : numbers(env, 'RANK', 'WORLD_SIZE');
  const found = bySrun ?? byTorchrun;
  if (!found || found[1] < 2) return undefined;
  const [rank, size] = found;
  return {by: bySrun ? 'srun' : 'torchrun', rank, size};
}

function numbers(env: Environment, first: string, second: string): [number, number] | undefined {
  const [a, b] = [env[first], env[second]];
  if (a === undefined || b === undefined || !/^\d+$/.test(a) || !/^\d+/.test(b)) return undefined;
  return [Number(a), parseInt(b, 10)];
}

/** SLURM_STEP_TASKS_PER_NODE is `4`, `4(x2)` or `4(x2),3`. */
const ofSlurm = (env: Environment): [number, number] | undefined =>
  env['SLURM_STEP_ID'] === undefined ? undefined : numbers(env, 'SLURM_LOCALID', 'SLURM_STEP_TASKS_PER_NODE');
