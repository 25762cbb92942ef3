/** Sums and largest values over ranks against closed forms, also of more than one message has. */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {needs} from './support.js';

const child = fileURLToPath(new URL('sum-large.mjs', import.meta.url));

describe('all-reduce over ranks', function () {
  this.timeout(60_000);
  for (const [library, ranks] of [
    ['openmpi', 2],
    ['openmpi', 3],
    ['mpich', 2],
  ] as const)
    it(`is exact for 0 to 18 million values with ${ranks} ranks (${library})`, async function () {
      const [command = '', ...options] = needs(library, ranks, this);
      const {stdout} = await promisify(execFile)(command, [...options, process.execPath, child], {timeout: 50_000});
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).to.deep.equal(Array.from({length: 10}, () => 0));
    });
});
