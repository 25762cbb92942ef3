import {expect} from 'chai';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {tinyFlags} from '../e2e/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan} from './helpers.js';

describe('gan evaluate', () => {
  after(removeFolders);

  it('prints what it has measured, and warns where the run folder does not take it', async () => {
    const cwd = folder();
    const made = await gan(['fit', ...tinyFlags, '--steps', '2', '--backend', 'wasm', '--quiet', '--out', 'run'], {
      cwd,
    });
    expect(made.code, made.stderr).to.equal(0);
    mkdirSync(path.join(cwd, 'run/evaluations.jsonl'));
    writeFileSync(path.join(cwd, 'run/evaluations'), '');
    const args = ['evaluate', 'run', '--metrics', 'checkerboard', '--images', '8', '--backend', 'wasm', '--json'];
    const {code, stdout, stderr} = await gan(args, {cwd});
    expect(code, stderr).to.equal(0);
    expect((JSON.parse(stdout) as {metrics: {name: string}[]}).metrics.map(({name}) => name)).to.deep.equal([
      'checkerboard',
    ]);
    expect(stderr.match(/not kept with the run: run\/evaluations/g)).to.have.length(2);
  });
});
