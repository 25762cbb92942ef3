import {expect} from 'chai';
import {launchedRanks} from '../../dist/cli/ranks/launched.js';

describe('the ranks of processes that were started together', () => {
  it('are known from the variables of mpirun and srun', () => {
    expect(
      launchedRanks({
        OMPI_COMM_WORLD_RANK: '1',
        OMPI_COMM_WORLD_SIZE: '4',
        OMPI_COMM_WORLD_LOCAL_RANK: '0',
        OMPI_COMM_WORLD_LOCAL_SIZE: '2',
      }),
    ).to.deep.equal({rank: 1, size: 4, launcher: 'openmpi', localRank: 0, localSize: 2});
    expect(launchedRanks({PMI_RANK: '0', PMI_SIZE: '2'})).to.deep.equal({rank: 0, size: 2, launcher: 'mpich'});
    // Intel MPI's Hydra
    expect(launchedRanks({PMI_RANK: '3', PMI_SIZE: '4', MPI_LOCALRANKID: '1', MPI_LOCALNRANKS: '2'})).to.deep.equal({
      rank: 3,
      size: 4,
      launcher: 'mpich',
      localRank: 1,
      localSize: 2,
    });
    // srun --mpi=pmi2
    expect(
      launchedRanks({
        PMI_RANK: '1',
        PMI_SIZE: '3',
        SLURM_STEP_ID: '2',
        SLURM_LOCALID: '1',
        SLURM_STEP_TASKS_PER_NODE: '2,1',
      }),
    ).to.deep.equal({rank: 1, size: 3, launcher: 'mpich', localRank: 1, localSize: 2});
    expect(
      launchedRanks({
        PMIX_RANK: '5',
        SLURM_STEP_NUM_TASKS: '8',
        SLURM_STEP_ID: '0',
        SLURM_LOCALID: '1',
        SLURM_STEP_TASKS_PER_NODE: '4(x2)',
      }),
    ).to.deep.equal({rank: 5, size: 8, launcher: 'unknown', localRank: 1, localSize: 4});
  });

  it('are none of one process, of a batch script, or of none at all', () => {
    expect(launchedRanks({OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1'})).to.equal(undefined);
    expect(launchedRanks({SLURM_PROCID: '0', SLURM_NTASKS: '8'})).to.equal(undefined);
    expect(launchedRanks({})).to.equal(undefined);
  });
});
