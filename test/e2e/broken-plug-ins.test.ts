import {expect} from 'chai';
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {gan, jsonLines} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {tinyFlags} from './helpers.js';

const switcher = (name: string, body = "({last}) => (last === 'critic' ? 'generator' : 'critic')"): string =>
  `export default ({switcher}) => switcher({name: '${name}', summary: 'A test.', create: () => ${body}});`;

/** Plug-ins with one fault each: what their package.json adds, their modules, and what names the fault. */
const broken: Record<string, {pjson: object; files?: Record<string, string>; reason: RegExp}> = {
  syntax: {
    pjson: {gan: {api: 2, switchers: {syntax: './x.js'}}},
    files: {'x.js': 'export default ('},
    reason: /switcher 'syntax' of gan-plugin-syntax cannot be used: Unexpected end of input/,
  },
  api: {
    pjson: {gan: {api: 99, switchers: {api: './x.js'}}},
    reason: /made for plug-in API 99, this version of gan has 2/,
  },
  'no-export': {
    pjson: {gan: {api: 2, switchers: {'no-export': './x.js'}}},
    files: {'x.js': 'export const a = 1;'},
    reason: /'no-export' of gan-plugin-no-export cannot be used: its module has no default export that is a function/,
  },
  throws: {
    pjson: {gan: {api: 2, switchers: {throws: './x.js'}}},
    files: {'x.js': "throw new Error('boom at load');"},
    reason: /'throws' of gan-plugin-throws cannot be used: boom at load/,
  },
  addon: {
    pjson: {gan: {api: 2, switchers: {addon: './x.js'}}},
    files: {
      'x.js':
        "import {createRequire} from 'node:module';\ncreateRequire(import.meta.url)('./build/Release/addon.node');",
    },
    reason: /'addon' of gan-plugin-addon cannot be used: Cannot find module '.\/build\/Release\/addon.node'/,
  },
  unbuilt: {
    pjson: {gan: {api: 2, switchers: {unbuilt: './dist/x.js'}}},
    reason: /'unbuilt' of gan-plugin-unbuilt cannot be used: its file does not exist \(is the package built\?\)/,
  },
  'bad-block': {
    pjson: {gan: {api: 2, switcher: {}}},
    reason: /"gan" has no key "switcher"; did you mean "switchers"\?/,
  },
};

/** What oclif itself loads: commands and hooks. */
const outside: Record<string, {pjson: object; files: Record<string, string>}> = {
  'bad-command': {pjson: {oclif: {commands: './commands'}}, files: {'commands/bad.js': 'export default class ('}},
  'bad-hook': {pjson: {oclif: {hooks: {init: './hook.js'}}}, files: {'hook.js': "throw new Error('boom in a hook');"}},
};

describe('broken plug-ins', () => {
  let cwd: string;
  let env: Record<string, string>;
  before(() => {
    cwd = folder();
    const data = path.join(cwd, 'data');
    const twins = Object.fromEntries(
      ['twin-a', 'twin-b'].map((name) => [
        name,
        {pjson: {gan: {api: 2, switchers: {twin: './x.js'}}}, files: {'x.js': switcher('twin')}},
      ]),
    );
    const late = {
      late: {
        pjson: {gan: {api: 2, switchers: {late: './x.js'}}},
        files: {'x.js': switcher('late', "() => { throw new TypeError('boom in a step'); }")},
      },
    };
    const good = {good: {pjson: {gan: {api: 2, switchers: {good: './x.js'}}}, files: {'x.js': switcher('good')}}};
    const all = {...broken, ...outside, ...twins, ...late, ...good};
    for (const [name, {pjson, files = {}}] of Object.entries(all)) {
      write(path.join(cwd, 'plug-ins', name), {
        'package.json': JSON.stringify({
          name: `gan-plugin-${name}`,
          version: '1.0.0',
          type: 'module',
          oclif: {},
          ...pjson,
        }),
        ...files,
      });
    }
    write(path.join(cwd, 'plug-ins', 'bad-json'), {'package.json': '{"name": '});
    const names = [...Object.keys(all), 'bad-json', 'folder-is-gone'];
    mkdirSync(data);
    const plugins = names.map((name) => ({
      type: 'link',
      name: `gan-plugin-${name}`,
      root: path.join(cwd, 'plug-ins', name),
    }));
    writeFileSync(path.join(data, 'package.json'), JSON.stringify({private: true, oclif: {schema: 1, plugins}}));
    env = {GAN_DATA_DIR: data, GAN_CACHE_DIR: path.join(cwd, 'cache')};
  });
  after(removeFolders);

  const run = (...args: string[]) => gan(args, {cwd, env});

  for (const args of [
    ['--version'],
    ['--help'],
    ['fit', '--help'],
    ['backends'],
    ['parts'],
    ['doctor'],
    ['plugins'],
    ['fit', ...tinyFlags, '--steps', '2', '--out', 'plain'],
    ['generate', 'plain', '--n', '1', '--out', 'a.png'],
    ['export', 'plain', '--out', 'a.safetensors'],
  ]) {
    it(`leave gan ${args.slice(0, 2).join(' ')} working`, async () => {
      const {code, stdout, stderr} = await run(...args);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.not.equal('');
    });
  }

  it('leave a good plug-in working', async () => {
    expect((await run('fit', ...tinyFlags, '--steps', '2', '--switcher', 'good', '--out', 'good')).code).to.equal(0);
  });

  for (const [name, {reason}] of Object.entries(broken)) {
    it(`${name}: is named by gan doctor, and when it is asked for`, async () => {
      const {stdout} = await run('doctor', '--json');
      expect(
        jsonLines(stdout)
          .filter(({state}) => state === 'warning')
          .map(({what}) => what)
          .join('\n'),
      ).to.match(reason);
      const {code, stderr} = await run('fit', '--switcher', `${name}`);
      expect(code).to.be.within(2, 3);
      expect(stderr.replaceAll(/\s+/g, ' ')).to.match(reason);
    });
  }

  it('gan parts shows the reasons in the places of the parts', async () => {
    const listed = jsonLines((await run('parts', 'switchers', '--json')).stdout);
    for (const name of ['syntax', 'no-export', 'throws', 'addon', 'unbuilt'])
      expect(listed.find((part) => part['name'] === name)?.['error'], name).to.match(broken[name]!.reason);
    expect(listed.find((part) => part['name'] === 'good')).to.have.property('summary', 'A test.');
  });

  it('one that throws in a step ends the training with its name and where it threw', async () => {
    const {code, stderr} = await run('fit', ...tinyFlags, '--steps', '2', '--switcher', 'late', '--out', 'late');
    expect(code).to.equal(3);
    expect(stderr)
      .to.contain("GAN_PLUGIN_FAILED: The switcher 'late' of gan-plugin-late failed: boom in a step")
      .and.match(/x\.js:1/);
  });

  it('of two with one name of a part, both are named, and the choice is explicit', async () => {
    const {code, stderr} = await run('fit', '--switcher', 'twin');
    expect(code).to.equal(2);
    expect(stderr, stderr)
      .to.contain('gan-plugin-twin-a and gan-plugin-twin-b')
      .and.contain('Write the full name: gan-plugin-twin-a:twin or gan-plugin-twin-b:twin');
    expect(
      (await run('fit', ...tinyFlags, '--steps', '2', '--switcher', 'twin-b:twin', '--out', 'twin')).code,
    ).to.equal(0);
  });

  it('whose folder is gone, whose package.json is none, whose commands fail, are named; hooks do not run', async () => {
    const {stderr} = await run('backends');
    for (const name of ['folder-is-gone', 'bad-json', 'bad-command']) expect(stderr, name).to.contain(name);
    expect(stderr).to.not.contain('boom in a hook');
  });
}).timeout(60_000);
