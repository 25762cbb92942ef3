/** What is set before an MPI library is loaded, and what it is for: that the library leaves the code of libc alone. */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {settleEnvironment} from '../../../plugins/mpi/src/environment.js';
import {needs} from './support.js';

const child = fileURLToPath(new URL('code-of-libc.mjs', import.meta.url));

describe('the variables of the layers below MPI', () => {
  it('are those of the user, where there are some', () => {
    const env: Record<string, string | undefined> = {UCX_MEM_EVENTS: 'y', UCX_ERROR_SIGNALS: ''};
    settleEnvironment(2, env);
    expect(env).to.deep.include({UCX_MEM_EVENTS: 'y', UCX_ERROR_SIGNALS: '', OMPI_MCA_memory: '^patcher'});
  });

  for (const library of ['openmpi', 'mpich'] as const)
    it(`keep ${library} from rewriting functions that V8's threads are in`, async function () {
      needs(library, 1, this);
      const {stdout} = await promisify(execFile)(process.execPath, [child, library], {timeout: 60_000});
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).to.deep.equal({rewritten: []});
    });
});
