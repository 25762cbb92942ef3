import {accessSync, constants, existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {stripVTControlCharacters} from 'node:util';
import {GanError, isGanError, messageOf} from '../errors.js';
import {isAddress} from '../address.js';
import {flatten, type Assignments} from './assignments.js';
import {assertModestFile, assertModestValues, statOf} from './modest.js';
import {scalarFacts, scalarKeys, singleFacts, singleKeys} from '../options/config-keys.js';
import {isRecord} from '../options/json.js';
import {olderValues} from '../options/run-config.js';
import {loadScript} from './script.js';
import {isScript, scriptRefusal} from './trust.js';

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

/** Where a project's file may be. Files are looked for from the working folder up to the project's package.json. */
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

/** What finding a file needs to know about the user. */
export interface Finder {
  /** The user's folder of settings, with the notes of trusted files. */
  userFolder?: string | undefined;
  /** Told of a file that is code and does not run. */
  warn?(message: string): void;
}

/** Reads the file that the user named: it may be code. */
export async function readConfigFile(file: string, cwd: string): Promise<ConfigFile> {
  const full = path.resolve(cwd, file);
  if (!existsSync(full)) {
    throw new GanError('config', 'GAN_CONFIG_NOT_FOUND', `The configuration file ${full} does not exist.`);
  }
  return toConfigFile(full, await readValues(full));
}

/**
 * Finds and reads the project's file; undefined when there is none. Files that set nothing are passed over, and those
 * that are code and may not run (`scriptRefusal`).
 */
export async function findConfigFile(cwd: string, finder: Finder = {}): Promise<ConfigFile | undefined> {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    for (const place of searchPlaces) {
      const file = path.join(folder, place);
      if (!isThere(file) || (isScript(file) && isRefused(file, {folder, cwd}, finder))) continue;
      const values = await readValues(file);
      if (values !== undefined && values !== null) return toConfigFile(file, values);
    }
    if (['package.json', 'package.yaml'].some((name) => isThere(path.join(folder, name)))) return undefined;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Tells of a script that does not run, and how it can. */
function isRefused(file: string, place: {folder: string; cwd?: string}, {userFolder, warn}: Finder): boolean {
  const why = scriptRefusal(file, {...place, userFolder});
  if (why === undefined) return false;
  warn?.(
    `${file} is not used: it is code, and ${why}. To use it: --config ${file}, or once for all: gan config trust ${file}`,
  );
  return true;
}

/** Something that is no folder and that this user may read. */
function isThere(file: string): boolean {
  if (statOf(file)?.isDirectory() ?? true) return false;
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The configuration files that a folder has, the one that counts first; the package's own file is not looked into. */
export const filesIn = (folder: string): string[] =>
  searchPlaces.filter((place) => !isManifest(place) && existsSync(path.join(folder, place)));

/**
 * Reads the user's file; undefined when there is none.
 * @param folder `~/.config/gan` or what the system has in its place
 */
export async function findUserFile(folder: string, finder: Finder = {}): Promise<ConfigFile | undefined> {
  const name = userPlaces.find((place) => isThere(path.join(folder, place)));
  if (name === undefined) return undefined;
  const file = path.join(folder, name);
  return isScript(file) && isRefused(file, {folder}, {...finder, userFolder: folder})
    ? undefined
    : readConfigFile(name, folder);
}

/** What a file holds; undefined for an empty one, and for a package.json without configuration. */
async function readValues(file: string): Promise<unknown> {
  return reading(file, async () => {
    if (!isManifest(file)) assertModestFile(file);
    if (isScript(file)) return loadScript(file);
    const text = readFileSync(file, 'utf8');
    if (text.trim() === '') return undefined;
    const {defaultLoaders} = await import('cosmiconfig');
    const extension = path.extname(file);
    const load =
      extension === '.json'
        ? defaultLoaders['.json']
        : ['', '.yaml', '.yml'].includes(extension)
          ? defaultLoaders['.yaml']
          : undefined;
    if (load === undefined)
      throw new Error(
        `files that end with ${extension} are not known; there are .json, .yaml, .yml, .js, .mjs, .cjs and .ts`,
      );
    const values: unknown = await load(file, text);
    return isManifest(file) ? configurationIn(values) : values;
  });
}

const isManifest = (file: string): boolean => ['package.json', 'package.yaml'].includes(path.basename(file));

/** The key `gan`; in the package.json of a plug-in it declares parts (`{"api": 2, ...}`) and is not configuration. */
function configurationIn(pjson: unknown): unknown {
  const {gan} = (pjson ?? {}) as {gan?: unknown};
  return typeof gan === 'object' && gan !== null && 'api' in gan ? undefined : gan;
}

/** Puts parse errors and errors thrown inside the file into words. */
async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isGanError(error)) throw error;
    // parsers colour their messages wherever the variable CI is set, terminal or not
    throw new GanError(
      'config',
      'GAN_CONFIG_UNREADABLE',
      `${file} cannot be read: ${stripVTControlCharacters(messageOf(error))}`,
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
      !isAddress(given.value) &&
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
