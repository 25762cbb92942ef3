import {Config, type Interfaces, type Plugin} from '@oclif/core';
import {expect} from 'chai';
import path from 'node:path';
import {loadConfig} from '../../dist/cli/config/load-config.js';
import {writeManifest} from '../../dist/cli/plugins/plugin-packages.js';
import {root} from '../commands/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';

const hello = (summary: string): string =>
  `export default class Hello {static summary = '${summary}'; static aliases = ['hi']; static flags = {}; static args = {}; static async run() { return '${summary}'; }}`;
const pjson = (name: string, more: object = {}): string =>
  JSON.stringify({name, version: '1.0.0', type: 'module', oclif: {}, ...more});
const commands = {oclif: {commands: './commands'}};

/** What oclif and commands look at, in an order of its own; without hooks, which gan runs of no plug-in. */
function seen(config: Config): unknown {
  const plugins = [...config.plugins.values()].map(
    ({
      name,
      alias,
      root,
      type,
      tag,
      version,
      valid,
      moduleType,
      topics,
      commandIDs,
      pjson,
      commands: own,
    }: Interfaces.Plugin) => ({
      name,
      alias,
      root,
      type,
      tag,
      version,
      valid,
      moduleType,
      topics,
      commandIDs,
      pjson,
      commands: own.map(({load: _, ...command}) => command),
    }),
  );
  return {
    plugins: plugins.sort((a, b) => (a.name < b.name ? -1 : 1)),
    commands: config.commandIDs.sort(),
    topics: config.topics.map(({name}) => name).sort(),
  };
}

describe('loadConfig', () => {
  const {GAN_DATA_DIR} = process.env;
  let data: string;
  before(async () => {
    const cwd = folder();
    data = path.join(cwd, 'data');
    const installed = (name: string) => `data/node_modules/${name}`;
    write(cwd, {
      [`${installed('gan-plugin-parts')}/package.json`]: pjson('gan-plugin-parts', {
        gan: {api: 2, losses: {a: './a.js'}},
      }),
      [`${installed('@me/gan-plugin-hooks')}/package.json`]: pjson('@me/gan-plugin-hooks', {
        oclif: {
          hooks: {prerun: './hook.js', init: ['./a.js', {target: './b.js', identifier: 'b'}]},
          topics: {hello: {description: 'Greetings.'}},
        },
      }),
      [`${installed('gan-plugin-commands')}/package.json`]: pjson('gan-plugin-commands', commands),
      [`${installed('gan-plugin-commands')}/commands/hello/world.js`]: hello('installed'),
      [`${installed('gan-plugin-no-list')}/package.json`]: pjson('gan-plugin-no-list', commands),
      [`${installed('gan-plugin-no-list')}/commands/unlisted.js`]: hello('without a list'),
      [`${installed('gan-plugin-old-list')}/package.json`]: pjson('gan-plugin-old-list', commands),
      [`${installed('gan-plugin-old-list')}/oclif.manifest.json`]: JSON.stringify({version: '0.9.0', commands: {}}),
      [`${installed('gan-plugin-old-list')}/commands/newer.js`]: hello('newer than the list'),
      'linked/package.json': pjson('gan-plugin-linked', commands),
      'linked/commands/linked.js': hello('linked'),
      'broken/package.json': '{"name": ',
      'data/package.json': JSON.stringify({
        private: true,
        oclif: {
          schema: 1,
          plugins: [
            ...[
              'gan-plugin-parts',
              '@me/gan-plugin-hooks',
              'gan-plugin-commands',
              'gan-plugin-no-list',
              'gan-plugin-old-list',
              'gan-plugin-gone',
            ].map((name) => ({type: 'user', name, tag: 'latest'})),
            {type: 'link', name: 'gan-plugin-linked', root: path.join(cwd, 'linked')},
            {type: 'link', name: 'gan-plugin-broken', root: path.join(cwd, 'broken')},
          ],
        },
      }),
    });
    process.env['GAN_DATA_DIR'] = data;
    const {plugins} = await Config.load({root});
    writeManifest(plugins.get('gan-plugin-commands') as Plugin);
  });
  after(() => {
    removeFolders();
    if (GAN_DATA_DIR === undefined) delete process.env['GAN_DATA_DIR'];
    else process.env['GAN_DATA_DIR'] = GAN_DATA_DIR;
  });

  it('knows what oclif knows of installed and linked plug-ins, listed or not, and leaves out the same ones', async () => {
    const expected = seen(await Config.load({root})) as {plugins: {name: string}[]};
    expect(seen(await loadConfig(root))).to.deep.equal(expected);
    expect(expected.plugins.map(({name}) => name))
      .to.include.members([
        'gan-plugin-parts',
        '@me/gan-plugin-hooks',
        'gan-plugin-commands',
        'gan-plugin-no-list',
        'gan-plugin-linked',
      ])
      .and.not.include('gan-plugin-gone');
  });

  it('leaves out the hooks of plug-ins', async () => {
    const {plugins} = await loadConfig(root);
    expect(plugins.get('@me/gan-plugin-hooks')?.hooks).to.deep.equal({});
  });

  it("runs a plug-in's command", async () => {
    expect(await (await loadConfig(root)).runCommand('hello:world')).to.equal('installed');
  });

  it('knows no plug-ins where none were ever installed', async () => {
    process.env['GAN_DATA_DIR'] = path.join(data, 'nothing');
    const names = (config: Config) => [...config.plugins.keys()].sort();
    expect(names(await loadConfig(root))).to.deep.equal(names(await Config.load({root})));
    process.env['GAN_DATA_DIR'] = data;
  });
});
