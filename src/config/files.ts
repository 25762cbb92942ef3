import {existsSync, statSync} from 'node:fs';
import path from 'node:path';
import {stripVTControlCharacters} from 'node:util';
import type {Loader, PublicExplorer} from 'cosmiconfig';
import {GanError, isGanError} from '../errors.js';
import {flatten, type Assignments} from './assignments.js';
import {assertModestFile, assertModestValues, statOf} from './modest.js';
import {scalarFacts, scalarKeys, singleFacts, singleKeys} from '../options/config-keys.js';
import {isRecord} from '../options/json.js';
import {olderValues} from '../options/run-config.js';
import {loadScript} from './script.js';

/** A configuration file, read and flattened. */
export interface ConfigFile {
  path: string;
  assignments: Assignments;
  /**
   * It gives every value that a run needs, as the config.json of a run folder does; then no recipe and no user's file
   * is applied below it.
   */
  complete: boolean;
}

/** Keys that make a file complete: all that every run has always had. */
const requiredKeys: readonly string[] = [
  'data',
  ...singleKeys.filter((key) => singleFacts(key).part !== undefined && !singleFacts(key).optional),
  ...scalarKeys.filter((key) => scalarFacts(key).spec.default !== undefined && !olderValues.has(key)),
];

/** Keys whose values are paths. */
const pathKeys: readonly string[] = ['data', ...scalarKeys.filter((key) => scalarFacts(key).path)];

/**
 * cosmiconfig's places and a few more. Files are looked for from the working folder up to the project's package.json.
 */
const extensions = ['json', 'yaml', 'yml', 'js', 'mjs', 'cjs', 'ts'];
const withExtensions = (stem: string): string[] => extensions.map((extension) => `${stem}.${extension}`);
export const searchPlaces: readonly string[] = [
  ...withExtensions('gan.config'),
  '.ganrc',
  ...withExtensions('.ganrc'),
  '.config/ganrc',
  ...withExtensions('.config/ganrc'),
  'package.json',
  'package.yaml',
];

/** The user's own file, in the folder of the command line's settings. */
const userPlaces = ['config', ...withExtensions('config')];

/** Reads the file that the user named. */
export async function readConfigFile(file: string, cwd: string): Promise<ConfigFile> {
  const full = path.resolve(cwd, file);
  if (!existsSync(full)) {
    throw new GanError('config', 'GAN_CONFIG_NOT_FOUND', `The configuration file ${full} does not exist.`);
  }
  const found = await reading(full, async () => {
    assertModestFile(full);
    return (await explorer()).load(full);
  });
  return toConfigFile(full, found?.isEmpty ? undefined : found?.config);
}

/** Finds and reads the project's file; undefined when there is none. */
export async function findConfigFile(cwd: string): Promise<ConfigFile | undefined> {
  const found = await reading(undefined, async () => {
    for (const folder of projectFolders(cwd))
      for (const place of searchPlaces) {
        const file = path.join(folder, place);
        if (!isManifest(place) && !statOf(file)?.isDirectory()) assertModestFile(file);
      }
    return (await explorer()).search(cwd);
  });
  return found ? toConfigFile(found.filepath, found.config) : undefined;
}

/** The folders in which the project's file is looked for: up to the one with the project's package.json. */
function projectFolders(cwd: string): string[] {
  const folders = [path.resolve(cwd)];
  for (
    let [folder = ''] = folders;
    !['package.json', 'package.yaml'].some((name) => existsSync(path.join(folder, name)));
  ) {
    const above = path.dirname(folder);
    if (above === folder) break;
    folders.push((folder = above));
  }
  return folders;
}

/** The configuration files that a folder has, the one that counts first; the package's own file is not looked into. */
export const filesIn = (folder: string): string[] =>
  searchPlaces.filter((place) => !isManifest(place) && existsSync(path.join(folder, place)));

/**
 * Reads the user's file; undefined when there is none.
 * @param folder `~/.config/gan` or what the system has in its place
 */
export async function findUserFile(folder: string): Promise<ConfigFile | undefined> {
  const name = userPlaces.find((place) => statSync(path.join(folder, place), {throwIfNoEntry: false})?.isFile());
  return name === undefined ? undefined : readConfigFile(name, folder);
}

async function explorer(): Promise<PublicExplorer> {
  const {cosmiconfig, defaultLoaders} = await import('cosmiconfig');
  const project =
    (load: Loader): Loader =>
    async (file, content) => {
      const values: unknown = await load(file, content);
      return isManifest(file) ? withoutParts(values) : values;
    };
  const [json, yaml] = [project(defaultLoaders['.json']), project(defaultLoaders['.yaml'])];
  return cosmiconfig('gan', {
    searchPlaces: [...searchPlaces],
    searchStrategy: 'project',
    loaders: {
      '.json': json,
      '.yaml': yaml,
      '.yml': yaml,
      '.js': loadScript,
      '.mjs': loadScript,
      '.cjs': loadScript,
      '.ts': loadScript,
    },
  });
}

const isManifest = (file: string): boolean => ['package.json', 'package.yaml'].includes(path.basename(file));

/** In the package.json of a plug-in, `gan` declares parts (`{"api": 2, ...}`) and is not configuration. */
function withoutParts(pjson: unknown): unknown {
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
    throw new GanError(
      'config',
      'GAN_CONFIG_UNREADABLE',
      `${file ?? filepath ?? 'The configuration file'} cannot be read: ${stripVTControlCharacters(message)}`,
      {cause: error},
    );
  }
}

/** The checksum in the config.json of a run is about the run: a copy may be changed. */
function withoutChecksum(values: unknown): unknown {
  if (!isRecord(values)) return values ?? {};
  const {checksum: _, ...others} = values;
  return others;
}

/** Values that a program gives in the place of a file. @param origin what messages call them */
export const configOf = (values: unknown, origin: string, cwd: string): ConfigFile =>
  toConfigFile(path.join(cwd, 'settings'), values, origin);

/**
 * The configuration of a run has every key that runs have always had.
 * @throws GanError GAN_FILE_BROKEN (exit 5)
 */
export function assertComplete({path: file, assignments}: ConfigFile): void {
  const missing = requiredKeys.filter((key) => !assignments.has(key));
  if (missing.length === 0) return;
  const keys = missing.map((key) => `'${key}'`).join(', ');
  throw new GanError('data', 'GAN_FILE_BROKEN', `${file} is damaged: it has no ${keys}`, {
    suggestions: ['put back a copy of the file; a run with the same settings has the same'],
  });
}

/** @param origin what messages call the file */
export function toConfigFile(file: string, values: unknown, origin = file): ConfigFile {
  assertModestValues(values, origin);
  const assignments = flatten(withoutChecksum(values), origin);
  // Paths in a file are relative to it.
  for (const key of pathKeys) {
    const given = assignments.get(key);
    if (
      typeof given?.value === 'string' &&
      given.value !== '' &&
      !given.value.startsWith('builtin:') &&
      given.value !== 'none'
    ) {
      assignments.set(key, {...given, value: path.resolve(path.dirname(file), given.value)});
    }
  }
  const complete = requiredKeys.every((key) => assignments.has(key));
  if (complete)
    for (const [key, value] of olderValues) if (!assignments.has(key)) assignments.set(key, {value, origin: 'default'});
  return {path: file, assignments, complete};
}
