import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {expect} from 'chai';
import {gan, jsonLines} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {linkedIn, runTool, thirdParty} from '../third-party.js';

describe('the example backend, outside this repository and with its own copy of tfjs', function () {
  this.timeout(120_000);
  const own = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];
  let home: string;
  let env: Record<string, string>;
  before(() => {
    home = thirdParty('example-backend', own);
    env = {GAN_DATA_DIR: linkedIn(home, 'gan-plugin-example-backend')};
  });
  after(removeFolders);

  it('compiles with full types, to a declaration that names the API', async () => {
    const {status, stdout} = runTool(home, 'typescript/bin/tsc');
    expect({status, stdout}).to.deep.equal({status: 0, stdout: ''});
    expect(await readFile(path.join(home, 'dist/index.d.ts'), 'utf8')).to.contain('gan/plugin').and.not.contain('any');
  });

  it('passes its own tests: the whole conformance kit', () => {
    const {status, stdout, stderr} = runTool(home, 'mocha/bin/mocha.js');
    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/[3-9]\d\d passing/);
  });

  it('is listed by the command line once it is linked', async () => {
    const {code, stdout} = await gan(['backends', '--json'], {cwd: home, env, withoutTfjs: true});
    expect(code).to.equal(0);
    const rows = jsonLines(stdout).flat() as {name: string; package: string; probe: object}[];
    expect(rows.find(({name}) => name === 'cpu')).to.deep.include({package: 'gan-plugin-example-backend', probe: {ok: true, info: {threads: 1}}});
  });

  it('trains by the command line', async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(['fit', '--backend', 'cpu', '--size', '16', '--batch-size', '2', '--steps', '3', '--json', '--set', 'arch.nFeatures=4'], {cwd, env});
    expect(code, stderr).to.equal(0);
    expect(jsonLines(stdout).at(-1)).to.deep.include({type: 'end', step: 3});
  });

  it('is not known without the link', async () => {
    const {code, stderr} = await gan(['fit', '--backend', 'cpu'], {cwd: home});
    expect(code).to.equal(2);
    expect(stderr).to.contain("There is no backend 'cpu'");
  });
});
