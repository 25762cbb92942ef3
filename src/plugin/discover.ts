import {existsSync, readFileSync, realpathSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import type {TensorApi} from './lazy.js';
import type {PackageInfo, PluginProblem} from './manifest.js';
import {isPluginName} from './names.js';
import {Registry} from './registry.js';
import {pluginsAreOff} from './safe-mode.js';

/** The folder of this package; the same from src and from dist. */
const ownRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** oclif's data about an installed plug-in: the fields of its `Config.plugins` that are used here. */
export interface KnownPlugin {
  name: string;
  root: string;
  pjson: object;
}

/** What parts compute with. */
export async function importTensors(): Promise<TensorApi> {
  const [{tf}, {nn}, {registerKernels}, {defineOperation}] = await Promise.all([
    import('../backends/tf.js'),
    import('../gan/nn.js'),
    import('../backends/kernels.js'),
    import('../backends/operation.js'),
  ]);
  return {tf, nn, registerKernels, defineOperation};
}

/**
 * The parts of this package, of the plug-ins that it depends on, and of those that the command line knows.
 * The library calls it without arguments.
 * @param dataDir the folder in which oclif notes what is installed and linked, to name what it did not find there
 */
export function openRegistry(known: Iterable<KnownPlugin> = [], dataDir?: string): Registry {
  const plugins = [...known];
  return new Registry(
    findPackages(ownRoot, plugins),
    importTensors,
    dataDir === undefined || pluginsAreOff() ? [] : lostPlugins(dataDir, plugins),
  );
}

/** Plug-ins that are noted in `dataDir` but could not be read; oclif warns of them without their names. */
function lostPlugins(dataDir: string, known: readonly KnownPlugin[]): PluginProblem[] {
  let noted: {name?: string; root?: string}[];
  try {
    const {oclif} = JSON.parse(readFileSync(path.join(dataDir, 'package.json'), 'utf8')) as {
      oclif?: {plugins?: (string | {name: string; root?: string})[]};
    };
    noted = (oclif?.plugins ?? []).map((plugin) => (typeof plugin === 'string' ? {name: plugin} : plugin));
  } catch {
    return []; // nothing was ever installed, or oclif has complained
  }
  return noted.flatMap(({name = 'a plug-in', root}) => {
    if (known.some((plugin) => plugin.name === name)) return [];
    const file = path.join(root ?? path.join(dataDir, 'node_modules', name), 'package.json');
    return [{package: name, reason: `${file} ${existsSync(file) ? 'cannot be read' : 'is gone'}`}];
  });
}

/** A plug-in package by its folder, for `openRegistry`. */
export const pluginIn = (folder: string): KnownPlugin => readPackage(path.resolve(folder));

/**
 * The packages with a `gan` block: the root's own, then its dependencies called gan-plugin-... (those that are
 * installed: optional peers are packages that only some want), then the known ones by their names.
 */
export function findPackages(root: string, known: Iterable<KnownPlugin> = []): PackageInfo[] {
  const own = readPackage(root);
  const dependencies = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) =>
    Object.keys(own.pjson[key] ?? {}),
  );
  const candidates: (PackageInfo | undefined)[] = [
    {...own, builtIn: true},
    ...dependencies
      .filter(isPluginName)
      .map((name) => findPackage(name, root))
      .map((info) => info && {...info, builtIn: true}),
    ...[...known]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({name, root: at, pjson}) => ({name, root: at, pjson: {...pjson}})), // oclif loads them in any order
  ];
  const byRoot = new Map<string, PackageInfo>();
  for (const info of candidates) {
    if (info === undefined || !Object.hasOwn(info.pjson, 'gan')) continue;
    const key = realpathSync.native(info.root);
    if (!byRoot.has(key)) byRoot.set(key, info);
  }
  return [...byRoot.values()];
}

/** A package as Node would find it from a folder; undefined where it is not installed (an optional dependency). */
function findPackage(name: string, from: string): PackageInfo | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const root = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(root, 'package.json'))) return readPackage(root);
    if (folder === path.dirname(folder)) return undefined;
  }
}

function readPackage(root: string): PackageInfo {
  const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  return {name: String(pjson['name']), root, pjson};
}
