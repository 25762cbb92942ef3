import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {findAddon} from '../../../plugins/native/src/addon.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {needsAddon} from './support.js';

const root = path.resolve('.');

describe('native: what fails', () => {
  after(removeFolders);

  it('a build without a compiler on the path says so in one line, and is no failure', () => {
    const here = folder();
    for (const part of ['build-kernels.mjs', 'kernels'])
      cpSync(path.join(root, 'plugins/native', part), path.join(here, part), {recursive: true});
    symlinkSync(path.join(root, 'node_modules'), path.join(here, 'node_modules'), 'junction');
    const {status, stdout, stderr} = spawnSync(process.execPath, ['build-kernels.mjs'], {
      cwd: here,
      encoding: 'utf8',
      env: {PATH: here},
    });
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^gan-plugin-native: no C\+\+ compiler, [^\n]*--backend wasm[^\n]*\n$/);
    expect(existsSync(path.join(here, 'dist/native.node'))).to.equal(false);
  });

  describe('a crash', () => {
    needsAddon();

    it('names the kernel that ran, in the calling thread and in another', function () {
      if (process.platform === 'win32') this.skip();
      // Behind a WebAssembly memory of one page there are only addresses that must not be used.
      const program = `
        const {buffer} = new WebAssembly.Memory({initial: 1, maximum: 65536, shared: true});
        const kernels = require(${JSON.stringify(findAddon())}).open(new Uint8Array(buffer), 2);
        kernels.sqrt(0xf0000000, 0xf1000000, Number(process.argv[1]));`;
      for (const count of [10, 4_000_000]) {
        const {status, signal, stderr} = spawnSync(process.execPath, ['-e', program, String(count)], {
          encoding: 'utf8',
        });
        expect(status).to.not.equal(0);
        expect(signal).to.equal('SIGSEGV');
        expect(stderr).to.contain('the kernel sqrt crashed; GAN_NATIVE=off trains without it');
      }
    });
  });
});
