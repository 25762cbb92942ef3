import {expect} from 'chai';
import {launchedRanks, startedApart} from '../../dist/cli/ranks/launched.js';
import {notTogether} from '../../dist/cli/ranks/wrong-ranks.js';

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

describe('processes that were started together, but cannot find each other', () => {
  const bySrun = {SLURM_PROCID: '2', SLURM_STEP_NUM_TASKS: '8', SLURM_STEP_ID: '0'};

  it('are those of srun without a PMI, and those of torchrun', () => {
    expect(startedApart(bySrun)).to.deep.equal({by: 'srun', rank: 2, size: 8});
    const byTorchrun = {TORCHELASTIC_RUN_ID: 'none', RANK: '1', WORLD_SIZE: '2'};
    expect(startedApart(byTorchrun)).to.deep.equal({by: 'torchrun', rank: 1, size: 2});
    expect(notTogether(startedApart(bySrun)!)).to.include({code: 'GAN_RANKS', exitCode: 2});
    expect(notTogether(startedApart(bySrun)!).suggestions[0]).to.match(/^srun --mpi=pmix gan fit/);
    expect(notTogether(startedApart(byTorchrun)!).suggestions[0]).to.match(/^mpirun -n 2 gan fit/);
  });

  it('are not those that MPI has started, one alone, a batch script, or one that is told to be alone', () => {
    for (const name of ['PMI_RANK', 'PMIX_RANK', 'OMPI_COMM_WORLD_RANK'])
      expect(startedApart({...bySrun, [name]: '2'})).to.equal(undefined);
    expect(startedApart({...bySrun, SLURM_STEP_NUM_TASKS: '1'})).to.equal(undefined);
    expect(startedApart({SLURM_PROCID: '0', SLURM_NTASKS: '8'})).to.equal(undefined);
    expect(startedApart({...bySrun, SLURM_STEP_NUM_TASKS: undefined})).to.equal(undefined); // as the error advises
    expect(startedApart({RANK: '1', WORLD_SIZE: '2'})).to.equal(undefined);
  });
});
