import {availableParallelism} from 'node:os';
import {expect} from 'chai';
import {findLauncher} from '../../dist/cli/ranks/launch.js';
import {processorsOfRanks, wrongRanks} from '../../dist/cli/ranks/wrong-ranks.js';
import {ganError} from '../gan-error.js';

describe('a number of ranks', () => {
  it('is what a machine can run: sixteen to try it, more with as many processors', () => {
    for (const given of [undefined, 1, 2, 16]) expect(wrongRanks(given, undefined, 2)).to.equal(undefined);
    expect(wrongRanks(64, undefined, 64)).to.equal(undefined);
    expect(wrongRanks(17, undefined, 2)).to.include({code: 'GAN_RANKS', exitCode: 2});
    expect(wrongRanks(65, undefined, 64)?.suggestions[0]).to.equal('--ranks 64');
  });

  it('has no limit where mpirun finds other machines', () => {
    expect(processorsOfRanks({})).to.equal(availableParallelism());
    for (const name of ['SLURM_JOB_ID', 'PBS_NODEFILE', 'OMPI_MCA_orte_default_hostfile'])
      expect(wrongRanks(64, undefined, processorsOfRanks({[name]: 'x'}))).to.equal(undefined);
  });

  it('is that of mpirun, where that has started them', () => {
    const launched = {rank: 0, size: 4, launcher: 'openmpi'} as const;
    for (const given of [undefined, 4]) expect(wrongRanks(given, launched, 1)).to.equal(undefined);
    expect(wrongRanks(2, launched, 1)).to.include({code: 'GAN_RANKS', exitCode: 2});
    expect(wrongRanks(2, launched, 1)?.message).to.contain('has started 4');
  });
});

describe('the mpirun that GAN_MPIRUN names', () => {
  const {GAN_MPIRUN: before} = process.env;
  afterEach(() => {
    if (before === undefined) delete process.env['GAN_MPIRUN'];
    else process.env['GAN_MPIRUN'] = before;
  });

  for (const [what, command, says] of [
    ['that is not there', '/nowhere/mpirun', 'cannot be run'],
    ['of another program', process.execPath, 'is no mpirun'], // node --version tells another version
  ] as const)
    it(`is refused, one ${what}`, async () => {
      process.env['GAN_MPIRUN'] = command;
      const error = await ganError(() => findLauncher());
      expect(error).to.include({code: 'GAN_MPI_MISSING', exitCode: 4});
      expect(error.message).to.contain(command).and.contain(says);
    });
});
