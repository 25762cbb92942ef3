import {expect} from 'chai';
import {gan, jsonLines} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {needs} from './support.js';

describe('gan doctor mpi', () => {
  after(removeFolders);

  for (const [library, file, says] of [
    ['openmpi', 'libmpi.so.40', /^Open MPI v\d.* \(libmpi\.so\.40\), thread level multiple, .* one rank here$/],
    ['mpich', 'libmpich.so.12', /^MPICH Version: \d.* \(libmpich\.so\.12\), thread level multiple, .* one rank here$/],
  ] as const)
    it(`tells of ${library}, and that it starts`, async function () {
      needs(library, 1, this);
      const {code, stdout} = await gan(['doctor', 'mpi', '--json'], {cwd: folder(), env: {GAN_MPI_LIBRARY: file}});
      const [found, ...others] = jsonLines(stdout);
      expect(others).to.have.length(0);
      expect(found).to.include({name: 'mpi', state: 'ok'});
      expect(found!['what']).to.match(says);
      expect(code).to.equal(0);
    });

  it('says what to install where there is none', async () => {
    const {code, stdout} = await gan(['doctor', 'mpi'], {cwd: folder(), env: {GAN_MPI_LIBRARY: '/nowhere/libmpi.so'}});
    expect(stdout).to.match(/^warning +mpi +no MPI library .*\n +try: .*apt install openmpi-bin/m);
    expect(code).to.equal(1);
  });
}).timeout(60_000);
