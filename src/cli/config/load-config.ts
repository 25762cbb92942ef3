import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {Config, Plugin, type Interfaces} from '@oclif/core';
import {messageOf} from '../../errors.js';
import {pluginsAreOff} from '../../plugin/safe-mode.js';

type Pjson = Interfaces.PJSON & {name?: string; version?: string; dependencies?: Record<string, string>};
type Noted = {name: string; tag?: string; type?: string; root?: string; url?: string};
type PluginType = 'user' | 'link';

/**
 * oclif's configuration, with installed plug-ins read from where npm put them, as data: none of their code runs when a
 * command starts, so that a broken one can be listed and taken away. Their hooks are left out. Where the list of a
 * plug-in's commands is missing or of another version, a process of its own makes it.
 * @param argv the command line; `gan plugins` knows plug-ins that are off
 */
export async function loadConfig(root: string, argv: readonly string[] = process.argv.slice(2)): Promise<Config> {
  const config = new ConfigOfGan({root, userPlugins: false});
  config.withPlugins = !pluginsAreOff() || argv[0] === 'plugins';
  await config.load();
  return config;
}

class ConfigOfGan extends Config {
  withPlugins = true;

  override async loadPluginsAndCommands(opts?: {force: boolean}): Promise<void> {
    await super.loadPluginsAndCommands(opts);
    if (!this.withPlugins) return;
    // private in oclif
    const {loadCommands, loadTopics} = this as unknown as Record<
      'loadCommands' | 'loadTopics',
      (plugin: Plugin) => void
    >;
    for (const plugin of await installed(this.dataDir, this.cacheDir)) {
      if (this.plugins.has(plugin.name)) continue; // of several with one name the first has it
      this.plugins.set(plugin.name, plugin);
      loadCommands.call(this, plugin);
      loadTopics.call(this, plugin);
    }
  }
}

async function installed(dataDir: string, cacheDir: string): Promise<Plugin[]> {
  const noted = readJson<Pjson>(path.join(dataDir, 'package.json'))?.oclif?.plugins;
  if (!Array.isArray(noted)) return [];
  const found = (noted as (string | Noted | null)[]).flatMap((plugin) => {
    if (typeof plugin !== 'object' || typeof plugin?.name !== 'string') return [];
    const {name, type, root} = plugin;
    if (type === 'link' && root !== undefined) return [load(plugin, root, type, cacheDir)];
    return type === 'user' ? [load(plugin, root ?? path.join(dataDir, 'node_modules', name), type, cacheDir)] : [];
  });
  return (await Promise.all(found)).flat();
}

/** A plug-in and those that its package.json names; nothing of one that cannot be read, which the registry tells. */
async function load({name, tag, url}: Noted, root: string, type: PluginType, cacheDir: string): Promise<Plugin[]> {
  const pjson = readJson<Pjson>(path.join(root, 'package.json'));
  if (typeof pjson?.name !== 'string' || typeof pjson.oclif !== 'object' || pjson.oclif === null) return [];
  const manifest = pjson.oclif.commands === undefined ? noCommands(pjson) : await commandsOf(root, pjson, cacheDir);
  const plugin = new Plugin({
    name,
    root,
    pjson,
    type: 'link', // a link's root is not looked for
    ...(tag !== undefined && {tag}),
    ...(url !== undefined && {url}),
  });
  Object.defineProperty(plugin, '_manifest', {value: () => Promise.resolve(manifest)}); // private in oclif
  await plugin.load();
  plugin.type = type;
  plugin.hooks = {}; // docs/adr/0080
  plugin.commandIDs = Object.keys(manifest.commands);
  for (const command of plugin.commands) command.pluginType = type;
  const children = childrenOf(pjson).flatMap((child) => {
    const at = findPackage(child, root);
    return at === undefined ? [] : [load({name: child}, at, type, cacheDir)];
  });
  return [plugin, ...(await Promise.all(children)).flat()];
}

const noCommands = ({version}: Pjson): Interfaces.Manifest => ({commands: {}, version: version ?? ''});

/** The commands that a plug-in lists in oclif.manifest.json, or those that a process of its own finds. */
async function commandsOf(root: string, pjson: Pjson, cacheDir: string): Promise<Interfaces.Manifest> {
  const manifest = readJson<Interfaces.Manifest>(path.join(root, 'oclif.manifest.json'));
  if (manifest?.version === pjson.version && typeof manifest?.commands === 'object') return manifest;
  try {
    const {listCommands} = await import('../plugins/list-commands.js');
    return await listCommands(root, cacheDir);
  } catch (error) {
    process.stderr.write(`Warning: the commands of the plug-in ${pjson.name} are not used: ${messageOf(error)}\n`);
    return noCommands(pjson);
  }
}

/** The dependencies that `oclif.plugins` names. */
function childrenOf({oclif, dependencies = {}}: Pjson): string[] {
  const {plugins} = oclif;
  if (!Array.isArray(plugins)) return [];
  const patterns = plugins.map(
    (text) =>
      new RegExp(
        `^${String(text)
          .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '[^/]*')}$`,
      ),
  );
  return Object.keys(dependencies).filter((name) => patterns.some((pattern) => pattern.test(name)));
}

function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const root = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(root, 'package.json'))) return root;
    if (folder === path.dirname(folder)) return undefined;
  }
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
