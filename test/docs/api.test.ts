import {expect} from 'chai';
import {execFile} from 'node:child_process';
import path from 'node:path';
import {promisify} from 'node:util';
import {root} from '../commands/helpers.js';

describe('the reference of the API (npm run docs)', () => {
  // typedoc.json makes warnings errors: links and @param names that lead nowhere, types that are not documented
  it('is made of the docstrings without a warning', async () => {
    const {stdout, stderr} = await promisify(execFile)(
      process.execPath,
      [path.join(root, 'node_modules/typedoc/bin/typedoc'), '--emit', 'none', '--logLevel', 'Warn'],
      {cwd: root},
    ).catch((error: {stdout: string; stderr: string}) => error);
    expect(stdout + stderr).to.equal('');
  }).timeout(120_000);
});
