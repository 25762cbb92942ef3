/** What is set before an MPI library is loaded, and what it is for: that the library leaves the code of libc alone. */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {settleEnvironment} from '../../../plugins/mpi/src/environment.js';
import {needs} from './support.js';

const child = fileURLToPath(new URL('code-of-libc.mjs', import.meta.url));

/** The functions of libc that a library gives other first instructions, in a process of its own. */
async function rewritten(...args: string[]): Promise<string[]> {
  const {stdout} = await promisify(execFile)(process.execPath, [child, ...args], {timeout: 60_000});
  return (JSON.parse(stdout.trim().split('\n').at(-1)!) as {rewritten: string[]}).rewritten;
}

describe('the variables of the layers below MPI', () => {
  it('are those of the user, where there are some', () => {
    const env: Record<string, string | undefined> = {UCX_MEM_EVENTS: 'y', UCX_ERROR_SIGNALS: ''};
    settleEnvironment(2, env);
    expect(env).to.deep.include({UCX_MEM_EVENTS: 'y', UCX_ERROR_SIGNALS: '', OMPI_MCA_memory: '^patcher'});
  });

  it('let two processes send each other all at once, and more go round a ring', () => {
    const algorithms = [2, 3].map((size) => {
      const env: Record<string, string | undefined> = {};
      settleEnvironment(size, env);
      return env['OMPI_MCA_coll_libnbc_iallreduce_algorithm'];
    });
    expect(algorithms).to.deep.equal(['4', undefined]);
  });

  for (const library of ['openmpi', 'mpich'] as const)
    it(`keep ${library} from rewriting functions that V8's threads are in`, async function () {
      needs(library, 1, this);
      expect(await rewritten(library)).to.deep.equal([]);
    });

  it('are what keeps MPICH from it', async function () {
    needs('mpich', 1, this);
    expect(await rewritten('mpich', '--unsettled')).to.include('munmap');
  });
});
