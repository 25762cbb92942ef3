import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {copyFileSync, mkdirSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {root} from '../commands/helpers.js';

const execute = promisify(execFile);
const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);

/** Loads a TypeScript file in a process that can see only the given packages. */
async function load(packages: readonly string[], files: Record<string, string>): Promise<unknown> {
  const dir = folder();
  for (const file of ['config/typescript.js', 'errors.js']) {
    mkdirSync(path.dirname(path.join(dir, 'gan/dist', file)), {recursive: true});
    copyFileSync(path.join(root, 'dist', file), path.join(dir, 'gan/dist', file));
  }
  write(dir, {...files, 'package.json': '{"type": "module"}', 'node_modules/.keep': '', 'main.mjs': `
    import {readFileSync} from 'node:fs';
    import {loadTypescript} from './gan/dist/config/typescript.js';
    const file = process.argv[2];
    const result = await loadTypescript(file, readFileSync(file, 'utf8')).catch(({code, message, suggestions}) => ({code, message, suggestions}));
    console.log(JSON.stringify(result));`});
  for (const name of packages) symlinkSync(path.join(root, 'node_modules', name), path.join(dir, 'node_modules', name));
  const {NODE_OPTIONS: _, ...env} = process.env;
  const {stdout} = await execute(process.execPath, [path.join(dir, 'main.mjs'), path.join(dir, 'gan.config.ts')], {env});
  return JSON.parse(stdout);
}

const config = {'gan.config.ts': 'const lr: number = 0.5;\nexport default {lr};'};

describe('loadTypescript', () => {
  after(removeFolders);

  it('works with tsx, other files of the project included', async () => {
    const files = {'gan.config.ts': "import {lr} from './lr.ts';\nexport default {lr} satisfies {lr: number};", 'lr.ts': 'export const lr: number = 0.25;'};
    expect(await load(['tsx', 'esbuild', '@esbuild'], files)).to.deep.equal({lr: 0.25});
  });

  it('works with the typescript package alone', async () => expect(await load(['typescript'], config)).to.deep.equal({lr: 0.5}));

  it('says what to install where neither is', async function () {
    if (stripsTypes) this.skip(); // this Node needs neither
    const error = (await load([], config)) as {code: string; suggestions: string[]};
    expect(error.code).to.equal('GAN_CONFIG_TYPESCRIPT');
    expect(error.suggestions).to.include('npm install --save-dev tsx');
  });
}).timeout(20_000);
