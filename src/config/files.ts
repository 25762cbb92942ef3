import {existsSync} from 'node:fs';
import path from 'node:path';
import {stripVTControlCharacters} from 'node:util';
import type {Loader, PublicExplorer} from 'cosmiconfig';
import {GanError, isGanError} from '../errors.js';
import {flatten, type Assignments} from './assignments.js';
import {scalarSpecs} from './schema.js';
import {loadTypescript} from './typescript.js';

/** A configuration file, read and flattened. */
export interface ConfigFile {
  path: string;
  assignments: Assignments;
  /** It gives every value that a run needs, as the config.json of a run folder does; then no recipe is applied to it. */
  complete: boolean;
}

/** Keys that make a file complete: all that have no `undefined` among their values. */
const requiredKeys: readonly string[] = [
  'data', 'arch', 'loss', 'opt', 'switcher',
  ...Object.entries(scalarSpecs).filter(([, spec]) => spec.default !== undefined).map(([key]) => key),
];

/** Files that are looked for, from the working folder up to the project's package.json. */
const extensions = ['json', 'yaml', 'yml', 'js', 'mjs', 'cjs', 'ts'];
const searchPlaces = [
  ...extensions.map((extension) => `gan.config.${extension}`),
  '.ganrc',
  ...extensions.map((extension) => `.ganrc.${extension}`),
  'package.json',
];

/** Reads the file that the user named. */
export async function readConfigFile(file: string, cwd: string): Promise<ConfigFile> {
  const full = path.resolve(cwd, file);
  if (!existsSync(full)) {
    throw new GanError('config', 'GAN_CONFIG_NOT_FOUND', `There is no configuration file ${full}.`);
  }
  const found = await reading(full, async () => (await explorer()).load(full));
  return toConfigFile(full, found?.isEmpty ? undefined : found?.config);
}

/** Finds and reads the project's file; undefined when there is none. */
export async function findConfigFile(cwd: string): Promise<ConfigFile | undefined> {
  const found = await reading(undefined, async () => (await explorer()).search(cwd));
  return found ? toConfigFile(found.filepath, found.config) : undefined;
}

async function explorer(): Promise<PublicExplorer> {
  const {cosmiconfig, defaultLoaders} = await import('cosmiconfig');
  const json: Loader = (file, content) => {
    const values: unknown = defaultLoaders['.json'](file, content);
    return path.basename(file) === 'package.json' ? withoutManifest(values) : values;
  };
  return cosmiconfig('gan', {
    searchPlaces,
    searchStrategy: 'project',
    loaders: {'.json': json, '.ts': loadTypescript, '.cjs': defaultLoaders['.cjs'], '.mjs': defaultLoaders['.mjs']},
  });
}

/** In the package.json of a plug-in, `gan` declares parts (`{"api": 1, ...}`): that is no configuration. */
function withoutManifest(pjson: unknown): unknown {
  const {gan, ...rest} = pjson as {gan?: unknown};
  return typeof gan === 'object' && gan !== null && 'api' in gan ? rest : pjson;
}

/** Puts parse errors and errors thrown inside the file into words. */
async function reading<T>(file: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isGanError(error)) throw error;
    // parsers colour their messages wherever the variable CI is set, terminal or not
    const {message, filepath} = error as Error & {filepath?: string};
    throw new GanError('config', 'GAN_CONFIG_UNREADABLE', `${file ?? filepath ?? 'The configuration file'} cannot be read: ${stripVTControlCharacters(message)}`, {cause: error});
  }
}

function toConfigFile(file: string, values: unknown): ConfigFile {
  const assignments = flatten(values ?? {}, file);
  // Paths in a file are relative to it.
  for (const key of ['data', 'init']) {
    const given = assignments.get(key);
    if (typeof given?.value === 'string' && !given.value.startsWith('builtin:') && given.value !== 'none') {
      assignments.set(key, {...given, value: path.resolve(path.dirname(file), given.value)});
    }
  }
  return {path: file, assignments, complete: requiredKeys.every((key) => assignments.has(key))};
}
