/** scripts/join.mjs: fewer files, the same modules. */
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect} from 'chai';
import {gan, root} from '../commands/helpers.js';
import {tinyFlags} from '../e2e/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';

interface Join {
  joinModules(folder: string, options?: {starts?: string[]; replaced?: Record<string, string>}): Promise<void>;
  separateModules(folder: string): void;
}
const {joinModules, separateModules} = (await import(pathToFileURL(path.join(root, 'scripts/join.mjs')).href)) as Join;

const modules = {
  'state.js': 'export let count = 0;\nexport const add = () => void count++;\n',
  'errors.js': 'export class Mistake extends Error {}\nexport default 7;\n',
  // a cycle, which works because nothing is called while the modules load
  'left.js': "import {right} from './right.js';\nexport const left = (n) => (n === 0 ? 'left' : right(n - 1));\n",
  'right.js': "import {left} from './left.js';\nexport const right = (n) => (n === 0 ? 'right' : left(n - 1));\n",
  'deep/where.js': "import {add} from '../state.js';\nexport const here = import.meta.url;\nadd();\n",
  'page.js': "import {left} from './left.js';\nimport need from 'needed';\nexport const page = () => left(3) + need;\n",
  'all.js': "export * from './state.js';\nexport * as errors from './errors.js';\n",
  'early.js': "import {Mistake} from './errors.js';\nexport const isMistake = (it) => it instanceof Mistake;\n",
  'start.js': "import {isMistake} from './early.js';\nimport './state.js';\nexport default isMistake;\n",
  'main.js': `
    import seven, {Mistake} from './errors.js';
    import {page} from './page.js';
    import * as all from './all.js';
    import {here} from './deep/where.js';
    import {add, count} from './state.js';
    import isMistake from './start.js';
    add();
    const late = await import('./state.js');
    console.log(JSON.stringify([seven, page(), count, late.count, all.count, isMistake(new Mistake()), all.errors.Mistake === Mistake, here]));`,
};

/** A package with compiled modules, and the packages `needed` and `other`, which say when they are loaded. */
function example(): string {
  const home = folder();
  const dist = Object.entries(modules).map(([name, text]) => [`dist/${name}`, text] as const);
  const src = Object.keys(modules).map((name) => [`src/${name.replace(/js$/, 'ts')}`, ''] as const);
  const packages = ['needed', 'other'].flatMap((name) => [
    [`node_modules/${name}/package.json`, JSON.stringify({name, type: 'module', exports: './index.js'})] as const,
    [
      `node_modules/${name}/index.js`,
      `process.stderr.write('${name} is loaded\\n');\nexport default ' of ${name}';\n`,
    ] as const,
  ]);
  write(home, Object.fromEntries([...dist, ...src, ...packages, ['package.json', '{"type": "module"}'] as const]));
  return home;
}

const node = (home: string, script: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {cwd: home, encoding: 'utf8'});
const run = (home: string): unknown => JSON.parse(node(home, "await import('./dist/main.js');"));

describe('joined modules', () => {
  after(removeFolders);

  it('do what they did, and are one instance by whatever file they are imported', async () => {
    const home = example();
    const before = run(home);
    expect(before).to.deep.equal([
      7,
      'right of needed',
      2,
      2,
      2,
      true,
      true,
      pathToFileURL(path.join(home, 'dist/deep/where.js')).href,
    ]);
    await joinModules(home);
    expect(readFileSync(path.join(home, 'dist/state.js'), 'utf8')).to.match(
      /^export \{.*\} from '\.\/joined\/rest\.js';\n$/,
    );
    expect(run(home)).to.deep.equal(before);
    const both =
      "import {add} from './dist/state.js'; import {count} from './dist/all.js'; const before = count; add(); console.log(count - before);";
    expect(node(home, both)).to.equal('1\n');
  });

  it('load no package because of what they are joined with', async () => {
    const home = example();
    await joinModules(home, {starts: ['start.js']});
    const loads = (file: string): string =>
      execFileSync(
        process.execPath,
        ['--input-type=module', '-e', `import './dist/${file}'; process.stderr.write('-')`],
        {
          cwd: home,
          stdio: 'pipe',
          encoding: 'utf8',
        },
      );
    expect(existsSync(path.join(home, 'dist/joined/start.js'))).to.equal(true);
    rmSync(path.join(home, 'node_modules'), {recursive: true});
    for (const file of ['left.js', 'all.js', 'early.js', 'deep/where.js']) loads(file); // they need none
    rmSync(path.join(home, 'dist/joined/rest.js'));
    loads('early.js'); // and what a start needs needs nothing of the rest
    expect(() => loads('left.js')).to.throw();
  });

  it('import a file in place of a package', async () => {
    const home = example();
    write(home, {'dist/vendor/needed.js': "export default ' of a file';\n"});
    await joinModules(home, {replaced: {needed: 'vendor/needed.js'}});
    expect((run(home) as unknown[])[1]).to.equal('right of a file');
  });

  it('are separated again, byte for byte, unless they were compiled meanwhile', async () => {
    const home = example();
    write(home, {'dist/.tsbuildinfo': '{}'});
    await joinModules(home);
    expect(existsSync(path.join(home, 'dist/.tsbuildinfo')), 'tsc would compile changed files only').to.equal(false);
    separateModules(home);
    for (const [name, text] of Object.entries(modules))
      expect(readFileSync(path.join(home, 'dist', name), 'utf8')).to.equal(text);
    expect(existsSync(path.join(home, 'dist/.tsbuildinfo'))).to.equal(true);
    expect(existsSync(path.join(home, 'dist/joined'))).to.equal(false);
    await joinModules(home);
    write(home, {'dist/.tsbuildinfo': 'new', 'dist/errors.js': 'export default 8;\n'});
    separateModules(home);
    expect(readFileSync(path.join(home, 'dist/errors.js'), 'utf8')).to.equal('export default 8;\n');
  });

  it('are what gan fit loads: few files', async function () {
    if (!existsSync(path.join(root, 'dist/joined'))) {
      console.log('    skipped: the modules of dist are not joined (npm run join)');
      this.skip();
    }
    const cwd = folder();
    write(cwd, {
      'count.mjs': `
        import {register} from 'node:module';
        import {writeSync} from 'node:fs';
        register('data:text/javascript,' + encodeURIComponent(\`
          import {writeSync} from 'node:fs';
          export const load = (url, context, next) => (url.startsWith('file:') && writeSync(2, 'loaded ' + url + '\\\\n'), next(url, context));\`));`,
    });
    const {code, stderr} = await gan(
      ['fit', ...tinyFlags, '--steps', '1', '--backend', 'wasm', '--quiet', '--out', 'run'],
      {
        cwd,
        env: {NODE_OPTIONS: `--import=${pathToFileURL(path.join(cwd, 'count.mjs')).href}`},
      },
    );
    expect(code, stderr).to.equal(0);
    const loaded = stderr.match(/^loaded .*$/gm) ?? [];
    expect(loaded.filter((line) => line.includes('/joined/'))).to.have.length.above(4);
    expect(loaded, loaded.join('\n')).to.have.length.below(80);
  });
});
