import {expect} from 'chai';
import {pathToFileURL} from 'node:url';
import path from 'node:path';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan, jsonLines} from './helpers.js';

describe('gan doctor', () => {
  after(removeFolders);

  it('looks at everything, without tfjs, and ends with 0 where gan fit can run', async () => {
    const {code, stdout, stderr} = await gan(['doctor'], {cwd: folder(), withoutTfjs: true});
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    for (const name of [
      'node',
      'processor',
      'memory',
      'webassembly',
      'backend wasm',
      'images',
      'plug-in gankit',
      'disk',
    ])
      expect(stdout).to.match(new RegExp(`^(ok|warning) +${name} `, 'm'));
    expect(stdout)
      .to.match(/can run here: gan fit\n$/)
      .and.match(/^ok +plug-in gankit +\d+ parts$/m)
      .and.not.contain('FORBIDDEN'); // a part that loads tfjs would be a warning
  });

  it('--json gives one object a line', async () => {
    const {stdout, stderr} = await gan(['doctor', '--json'], {cwd: folder()});
    expect(stderr).to.equal('');
    for (const line of jsonLines(stdout))
      expect(line).to.have.all.keys(
        line['state'] === 'ok' ? ['name', 'state', 'what'] : ['name', 'state', 'what', 'fix'],
      );
  });

  it('ends with 4, the reasons and the remedies, where no backend can run', async () => {
    const cwd = folder();
    write(cwd, {'no-wasm.mjs': 'WebAssembly.validate = () => false;'});
    const {code, stdout} = await gan(['doctor'], {
      cwd,
      env: {NODE_OPTIONS: `--import ${pathToFileURL(path.join(cwd, 'no-wasm.mjs')).href}`},
    });
    expect(code).to.equal(4);
    expect(stdout)
      .to.match(/^problem +backends +no backend can run here$/m)
      .and.match(/^warning +backend wasm .*\n +try: /m)
      .and.match(/cannot run here/);
  });
}).timeout(30_000);
