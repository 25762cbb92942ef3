import {readFileSync} from 'node:fs';
import path from 'node:path';
import {Config, Plugin, type Interfaces} from '@oclif/core';

type Pjson = Interfaces.PJSON & {name?: string; version?: string};
type Noted = {name: string; tag?: string; type?: string; root?: string; url?: string};

/**
 * oclif's configuration, with installed plug-ins read from where npm put them. oclif looks for each in a dozen places
 * and waits for every file, 1.5 ms a plug-in; this takes 0.1 ms. Plug-ins that are not as `gan plugins install` leaves
 * them are left to oclif, with its warnings.
 */
export async function loadConfig(root: string): Promise<Config> {
  const config = new ConfigOfGan({root});
  await config.load();
  return config;
}

class ConfigOfGan extends Config {
  override async loadPluginsAndCommands(opts?: {force: boolean}): Promise<void> {
    // private in oclif: without it all is only slower
    const {pluginLoader} = this as unknown as {pluginLoader?: {plugins?: Map<string, Interfaces.Plugin>}};
    if (pluginLoader?.plugins)
      for (const plugin of await installed(this.dataDir))
        if (!pluginLoader.plugins.has(plugin.name)) pluginLoader.plugins.set(plugin.name, plugin);
    await super.loadPluginsAndCommands(opts);
  }
}

async function installed(dataDir: string): Promise<Plugin[]> {
  const noted = readJson<Pjson>(path.join(dataDir, 'package.json'))?.oclif?.plugins ?? [];
  const loaded = await Promise.all(
    (noted as (string | Noted)[]).filter((plugin) => typeof plugin !== 'string').map((plugin) => load(plugin, dataDir)),
  );
  return loaded.filter((plugin) => plugin !== undefined);
}

/** A plug-in whose package.json and list of commands lie where they should; undefined for any other. */
async function load({name, tag, type, root: at, url}: Noted, dataDir: string): Promise<Plugin | undefined> {
  const root =
    type === 'link' ? at : type === 'user' && at === undefined ? path.join(dataDir, 'node_modules', name) : undefined;
  const pjson = root === undefined ? undefined : readJson<Pjson>(path.join(root, 'package.json'));
  if (root === undefined || pjson?.name !== name || pjson.oclif === undefined || pjson.oclif.plugins !== undefined)
    return undefined;
  const manifest =
    pjson.oclif.commands === undefined
      ? {commands: {}, version: pjson.version}
      : readJson<Interfaces.Manifest>(path.join(root, 'oclif.manifest.json'));
  if (manifest?.version !== pjson.version) return undefined;
  const plugin = new Plugin({
    name,
    root,
    pjson,
    type: 'link',
    ...(tag !== undefined && {tag}),
    ...(url !== undefined && {url}),
  }); // a link's root is not looked for
  Object.defineProperty(plugin, '_manifest', {value: () => Promise.resolve(manifest)}); // private in oclif, too
  await plugin.load();
  plugin.type = type!;
  plugin.commandIDs = Object.keys(manifest.commands);
  for (const command of plugin.commands) command.pluginType = type!;
  return plugin;
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
