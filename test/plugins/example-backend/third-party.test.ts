import {readdirSync, rmSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {expect} from 'chai';
import {selectChecks} from 'gankit/testing';
import {gan, jsonLines} from '../../commands/helpers.js';
import {folder, removeFolders, write} from '../../plugin/helpers.js';
import {runTool, thirdParty} from '../third-party.js';
import {docsBlocks} from './docs-blocks.js';

describe('a backend that is written from docs/backends.md alone, outside this repository and with its own copy of tfjs', function () {
  this.timeout(300_000); // the kit takes minutes in plain JavaScript
  const own = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];
  let home: string;
  let env: Record<string, string>;
  before(() => {
    home = thirdParty('example-backend', own);
    for (const name of readdirSync(home)) if (name !== 'node_modules') rmSync(path.join(home, name), {recursive: true});
    write(
      home,
      Object.fromEntries(docsBlocks.map(({file, text}) => [path.relative('plugins/example-backend', file), text])),
    );
    env = {GAN_DATA_DIR: folder()};
  });
  after(removeFolders);

  it('compiles with full types, to a declaration that names the API', async () => {
    const {status, stdout} = runTool(home, 'typescript/bin/tsc');
    expect({status, stdout}).to.deep.equal({status: 0, stdout: ''});
    expect(await readFile(path.join(home, 'dist/index.d.ts'), 'utf8'))
      .to.contain('gankit/plugin')
      .and.not.contain('any');
  });

  it('passes its own tests: the whole conformance kit', () => {
    const {status, stdout, stderr} = runTool(home, 'mocha/bin/mocha.js');
    expect(status, stdout + stderr).to.equal(0);
    const [passing = 0, pending = 0] = ['passing', 'pending'].map((state) =>
      Number(new RegExp(`(\\d+) ${state}`).exec(stdout)?.[1] ?? 0),
    );
    expect(passing + pending).to.equal(selectChecks({}).length);
    expect(passing).to.be.at.least(400);
  });

  it('is listed by the command line after one `gan plugins link`', async () => {
    const linked = await gan(['plugins', 'link', home, '--no-install'], {cwd: folder(), env});
    expect(linked.code, linked.stderr).to.equal(0);
    const {code, stdout} = await gan(['backends', '--json'], {cwd: home, env, withoutTfjs: true});
    expect(code).to.equal(0);
    const rows = jsonLines(stdout).flat() as {name: string; package: string; probe: object}[];
    expect(rows.find(({name}) => name === 'cpu')).to.deep.include({
      package: 'gan-plugin-example-backend',
      state: 'ready',
      probe: {ok: true, info: {threads: 1}},
    });
  });

  it('is tested by the command line', async () => {
    const {code, stdout, stderr} = await gan(['backends', 'test', 'cpu', '--only', 'penalties'], {cwd: folder(), env});
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/cpu: 8 checks, none failed/);
  });

  it('trains by the command line', async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(
      [
        'fit',
        '--backend',
        'cpu',
        '--size',
        '16',
        '--batch-size',
        '2',
        '--steps',
        '3',
        '--json',
        '--set',
        'arch.nFeatures=4',
      ],
      {cwd, env},
    );
    expect(code, stderr).to.equal(0);
    expect(jsonLines(stdout).at(-1)).to.deep.include({type: 'end', step: 3});
  });

  it('is not known without the link', async () => {
    const {code, stderr} = await gan(['fit', '--backend', 'cpu'], {cwd: home});
    expect(code).to.equal(2);
    expect(stderr).to.contain("There is no backend 'cpu'");
  });
});
