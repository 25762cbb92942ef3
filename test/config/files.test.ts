import {expect} from 'chai';
import {execFileSync} from 'node:child_process';
import {chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {findConfigFile, findUserFile, readConfigFile, searchPlaces} from '../../dist/config/files.js';
import {fingerprintOf, trustFile} from '../../dist/config/trust.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const json = '{"lr": 0.5, "arch": {"name": "basic", "nFeatures": 32}, "genFirst": true}';
const yaml = 'lr: 0.5\narch:\n  name: basic\n  nFeatures: 32\ngenFirst: true\n';
const esm = `export default ${json};`;
const typescript = `interface C { lr: number }\nconst c: C & Record<string, unknown> = ${json};\nexport default c;`;

const formats: [string, string][] = [
  ['gan.config.json', json],
  ['gan.config.yaml', yaml],
  ['gan.config.yml', yaml],
  ['gan.config.mjs', esm],
  ['gan.config.cjs', `module.exports = ${json};`],
  ['gan.config.ts', typescript],
  ['.ganrc', json],
  ['.ganrc', yaml],
  ['.ganrc.json', json],
  ['.ganrc.yaml', yaml],
  ['.ganrc.mjs', esm],
  ['.ganrc.ts', typescript],
  ...['.config/ganrc', '.config/ganrc.json'].map((name): [string, string] => [name, json]),
  ...['.ganrc.yml', '.config/ganrc', '.config/ganrc.yaml', '.config/ganrc.yml'].map((name): [string, string] => [
    name,
    yaml,
  ]),
  ...['.ganrc.js', '.config/ganrc.js', '.config/ganrc.mjs'].map((name): [string, string] => [name, esm]),
  ['.ganrc.cjs', `module.exports = ${json};`],
  ['.config/ganrc.cjs', `module.exports = ${json};`],
  ['.config/ganrc.ts', typescript],
  ['package.json', `{"name": "x", "gan": ${json}}`],
  ['package.yaml', `name: x\ngan: ${json}\n`],
];

const flat = [
  ['lr', 0.5],
  ['arch', 'basic'],
  ['arch.nFeatures', 32],
  ['genFirst', true],
];

describe('configuration files', () => {
  afterEach(removeFolders);

  it('are tried below in all places', () =>
    expect(
      searchPlaces.filter((place) => place !== 'gan.config.js' && !formats.some(([name]) => name === place)),
    ).to.deep.equal([]));

  for (const [name, content] of formats) {
    it(`${name} (${content.slice(0, 12).replaceAll('\n', ' ')}...) gives the same as all others, found or named`, async () => {
      const dir = folder();
      write(dir, {[name]: content});
      const file = path.join(dir, name);
      for (const found of [await findConfigFile(dir), await readConfigFile(name, dir)]) {
        expect(found?.path).to.equal(file);
        expect([...found!.assignments].map(([key, {value}]) => [key, value])).to.deep.equal(flat);
        expect([...found!.assignments.values()].every(({origin}) => origin === file)).to.equal(true);
        expect(found?.complete).to.equal(false);
      }
    });
  }

  it('TypeScript and JavaScript import other files, and defineConfig from a gan that is not installed here', async () => {
    for (const extension of ['ts', 'mjs', 'js']) {
      const dir = folder();
      write(dir, {
        [`gan.config.${extension}`]: `import {defineConfig} from 'gankit/config';\nimport {lr} from './lr.${extension}';\nexport default defineConfig({lr, arch: {name: 'basic', nFeatures: 32}, genFirst: true});`,
        [`lr.${extension}`]: `export const lr${extension === 'ts' ? ': number' : ''} = await Promise.resolve(0.5);`,
      });
      expect(
        [...(await findConfigFile(dir))!.assignments].map(([key, {value}]) => [key, value]),
        extension,
      ).to.deep.equal(flat);
    }
  });

  it('are read as they are now, not as they were', async () => {
    const dir = folder();
    for (const lr of [1, 2]) {
      write(dir, {'gan.config.ts': `export default {lr: ${lr} as number};`});
      expect((await findConfigFile(dir))!.assignments.get('lr')?.value).to.equal(lr);
    }
  });

  it("the user's file is config.* in the folder of settings", async () => {
    const dir = folder();
    expect(await findUserFile(dir)).to.equal(undefined);
    for (const [name, content] of [
      ['config.ts', typescript],
      ['config.yaml', yaml],
      ['config.json', json],
      ['config', yaml],
    ] as const) {
      write(dir, {[name]: content}); // each before those that are there
      const found = await findUserFile(dir);
      expect(found?.path).to.equal(path.join(dir, name));
      expect([...found!.assignments].map(([key, {value}]) => [key, value])).to.deep.equal(flat);
    }
  });

  it('may name their schema for editors', async () => {
    const dir = folder();
    write(dir, {'gan.config.json': `{"$schema": "./gan.schema.json", "lr": 1}`});
    expect([...(await findConfigFile(dir))!.assignments.keys()]).to.deep.equal(['lr']);
  });

  for (const type of ['module', 'commonjs']) {
    it(`gan.config.js and .ts follow "type": "${type}"`, async () => {
      for (const [name, content] of [
        ['gan.config.js', type === 'module' ? esm : `module.exports = ${json};`],
        ['gan.config.ts', typescript],
      ] as const) {
        const dir = folder();
        write(dir, {'package.json': JSON.stringify({name: 'x', type}), [name]: content});
        expect([...(await findConfigFile(dir))!.assignments.keys()], name).to.deep.equal(flat.map(([key]) => key));
      }
    });
  }

  it('are looked for up to the package.json of the project, not above it', async () => {
    const top = folder();
    write(top, {'gan.config.json': json, 'app/package.json': '{}', 'app/deep/er/x': '', 'app/.ganrc': 'lr: 0.25'});
    expect((await findConfigFile(path.join(top, 'app/deep/er')))?.path).to.equal(path.join(top, 'app/.ganrc'));
    write(top, {'other/package.json': '{}'});
    expect(await findConfigFile(path.join(top, 'other'))).to.equal(undefined);
  });

  it('the gan block of a plug-in, which declares parts, is no configuration', async () => {
    const dir = folder();
    write(dir, {'package.json': '{"gan": {"api": 2, "losses": {"x": "./x.js"}}}'});
    expect(await findConfigFile(dir)).to.equal(undefined);
    write(dir, {'.ganrc.yml': yaml});
    expect((await findConfigFile(dir))?.path).to.equal(path.join(dir, '.ganrc.yml'));
  });

  it('an empty file sets nothing', async () => {
    const dir = folder();
    write(dir, {'empty.yaml': ''});
    expect((await readConfigFile('empty.yaml', dir)).assignments.size).to.equal(0);
  });

  const broken: [string, string][] = [
    ['bad.json', '{'],
    ['bad.yaml', 'a: [1'],
    ['bad.mjs', "throw new Error('boom');"],
    ['bad.ts', 'export default {'],
    ['list.json', '[1]'],
    ['text.yaml', 'just text'],
    ['bad.toml', 'a = 1'],
  ];
  for (const [name, content] of broken) {
    it(`${name} is a configuration error that names the file`, async () => {
      const dir = folder();
      write(dir, {[name]: content});
      const error = await ganError(() => readConfigFile(name, dir));
      expect(error.exitCode).to.equal(3);
      expect(error.message).to.contain(path.join(dir, name));
    });
  }

  it('a file that is not there is a configuration error', async () => {
    expect(await ganError(() => readConfigFile('no.json', folder()))).to.include({
      code: 'GAN_CONFIG_NOT_FOUND',
      exitCode: 3,
    });
  });

  describe('that are no configuration', () => {
    const refused = async (name: string, content: string): Promise<string> => {
      const dir = folder();
      write(dir, {[name]: content});
      const error = await ganError(() => readConfigFile(name, dir));
      expect(error).to.include({code: 'GAN_CONFIG_UNREADABLE', kind: 'config'});
      expect(error.message).to.contain(path.join(dir, name));
      return error.message;
    };
    const letters = [...'abcdefghij'];
    const aliases = letters.map((name, i) => {
      const before = i === 0 ? 'x' : `*${letters[i - 1]}`;
      return `${name}: &${name} [${Array.from({length: 9}, () => before).join(', ')}]`;
    });

    it('YAML whose aliases stand for billions of values', async () =>
      expect(await refused('a.yaml', aliases.join('\n'))).to.contain('more than 100000 values'));
    it('YAML that contains itself', async () =>
      expect(await refused('a.yaml', 'arch: &a [*a]')).to.contain('nest deeper than 32 levels'));
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const)
      it(`JSON of 100,000 levels of ${open}`, async () =>
        expect(await refused('a.json', `{"arch": ${open.repeat(1e5)}1${close.repeat(1e5)}}`)).to.contain(
          'nest deeper',
        ));
    it('a file of more than 1 MiB', async () =>
      expect(await refused('a.json', `{"lr": 1, "x": "${'a'.repeat(2 ** 20)}"}`)).to.contain('at most 1048576'));

    it('named pipes, which are not waited for', async function () {
      if (process.platform === 'win32') this.skip();
      const dir = folder();
      execFileSync('mkfifo', [path.join(dir, '.ganrc'), path.join(dir, 'named.yaml')]);
      for (const read of [() => findConfigFile(dir), () => readConfigFile('named.yaml', dir)])
        expect((await ganError(read)).message).to.contain('no regular file');
    });

    it('keys that would reach the prototype of objects', async () => {
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        const dir = folder();
        write(dir, {'a.json': `{"${key}": {"size": 16}}`});
        expect(await ganError(() => readConfigFile('a.json', dir))).to.include({code: 'GAN_CONFIG_UNKNOWN_KEY'});
      }
      expect(({} as {size?: number}).size).to.equal(undefined);
    });
  });
});

describe('a configuration file that is code and that nobody named', () => {
  afterEach(removeFolders);

  /** Leaves a file behind when it runs. */
  const marking = (mark: string): string =>
    `import {writeFileSync} from 'node:fs';\nwriteFileSync(${JSON.stringify(mark)}, '');\nexport default {lr: 0.5};`;

  /** Whether `gan.config.mjs` in `top` runs for who looks from `from`, and what is told. */
  async function look(top: string, from: string, {userFolder = path.join(top, 'none'), name = 'gan.config.mjs'} = {}) {
    const mark = path.join(folder(), 'ran');
    const file = path.join(top, name);
    if (!existsSync(file)) write(top, {[name]: marking(mark)});
    const told: string[] = [];
    const found = await findConfigFile(from, {userFolder, warn: (text) => told.push(text)});
    return {ran: existsSync(mark), found: found?.path, told: told.join('\n')};
  }

  it('runs in the working folder, and from there up to the package.json', async () => {
    const dir = folder();
    expect((await look(dir, dir)).ran).to.equal(true);
    const project = folder();
    write(project, {'package.json': '{}', 'deep/er/x': ''});
    expect((await look(project, path.join(project, 'deep/er'))).ran).to.equal(true);
  });

  it('does not run in a folder above that is no project, and is told of with what to do', async () => {
    const dir = folder();
    mkdirSync(path.join(dir, 'photos/a'), {recursive: true});
    const {ran, found, told} = await look(dir, path.join(dir, 'photos/a'));
    expect([ran, found]).to.deep.equal([false, undefined]);
    expect(told).to.contain('is above the working folder').and.contain(`gan config trust ${dir}`);
  });

  it("does not run in a run folder, which may be a stranger's", async () => {
    const dir = folder();
    write(dir, {'config.json': '{}', 'metrics.jsonl': ''});
    expect(await look(dir, dir)).to.deep.include({ran: false, found: undefined});
  });

  for (const [what, change] of [
    ['every user can write it', (file: string) => chmodSync(file, 0o666)],
    ['its folder can be written by every user', (file: string) => chmodSync(path.dirname(file), 0o777)],
    ['it belongs to another user', (file: string) => chownSync(file, 65534, 65534)],
    ['its folder belongs to another user', (file: string) => chownSync(path.dirname(file), 65534, 65534)],
  ] as const)
    it(`does not run where ${what}`, async function () {
      if (what.includes('belongs') && process.getuid?.() !== 0) return this.skip(); // only root can give files away
      if (process.platform === 'win32') return this.skip();
      const dir = folder();
      const mark = path.join(dir, 'ran');
      write(dir, {'package.json': '{}', 'gan.config.mjs': marking(mark)});
      change(path.join(dir, 'gan.config.mjs'));
      const {found, told} = await look(dir, dir);
      expect(found).to.equal(undefined);
      expect(existsSync(mark)).to.equal(false);
      expect(told).to.contain('is not used');
    });

  it("does not run by a link that leads to another user's file", async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const [dir, theirs] = [folder(), folder()];
    write(theirs, {'x.mjs': marking(path.join(theirs, 'ran'))});
    chownSync(path.join(theirs, 'x.mjs'), 65534, 65534);
    symlinkSync(path.join(theirs, 'x.mjs'), path.join(dir, 'gan.config.mjs'));
    expect((await look(dir, dir)).found).to.equal(undefined);
  });

  it('runs once it is trusted, until it changes', async () => {
    const [dir, settings] = [folder(), folder()];
    mkdirSync(path.join(dir, 'photos'));
    const from = path.join(dir, 'photos');
    expect((await look(dir, from, {userFolder: settings})).found).to.equal(undefined);
    const file = path.join(dir, 'gan.config.mjs');
    const {path: real, sha256} = fingerprintOf(file);
    writeFileSync(trustFile(settings), JSON.stringify({[real]: sha256}));
    expect((await look(dir, from, {userFolder: settings})).found).to.equal(file);
    writeFileSync(file, 'export default {lr: 1};');
    expect((await look(dir, from, {userFolder: settings})).told).to.contain('has changed since it was trusted');
  });

  it('is passed over, and a file of data above it counts', async () => {
    const dir = folder();
    mkdirSync(path.join(dir, 'a'));
    write(dir, {'.ganrc.json': '{"lr": 2}'});
    expect((await look(dir, path.join(dir, 'a'))).found).to.equal(path.join(dir, '.ganrc.json'));
  });

  it('runs by no other file: not by $import, not by settings of the search', async () => {
    const dir = folder();
    const mark = path.join(dir, 'ran');
    write(dir, {
      'evil.mjs': marking(mark),
      '.config/config.mjs': marking(mark),
      'package.json': '{"cosmiconfig": {"searchPlaces": ["evil.mjs"]}}',
      'run.json': '{"$import": "./evil.mjs", "lr": 1}',
    });
    await findConfigFile(dir);
    await readConfigFile('run.json', dir).catch(() => {});
    expect(existsSync(mark)).to.equal(false);
  });

  it("the user's own runs only if it is the user's", async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const settings = folder();
    write(settings, {'config.mjs': 'export default {lr: 0.5};'});
    expect((await findUserFile(settings))?.assignments.get('lr')?.value).to.equal(0.5);
    chownSync(path.join(settings, 'config.mjs'), 65534, 65534);
    const told: string[] = [];
    expect(await findUserFile(settings, {warn: (text) => told.push(text)})).to.equal(undefined);
    expect(told.join()).to.contain('belongs to another user');
  });
});
