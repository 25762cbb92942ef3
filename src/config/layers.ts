import path from 'node:path';
import type {Given, GivenMap} from '../options/options-check.js';
import {optionsOf, splitKey, type Assignments} from './assignments.js';
import {environmentLayer} from './environment.js';
import {
  assertComplete,
  configOf,
  findConfigFile,
  findUserFile,
  readConfigFile,
  toConfigFile,
  type ConfigFile,
} from './files.js';
import {scalarKeys} from '../options/config-keys.js';

/** Layers of assignments, from weakest to strongest. */
export type Layers = readonly GivenMap[];

/** The sources of values besides the command itself. */
export interface ConfigSources {
  /** The file of `--config`; without it the project's file is looked for from the working folder. */
  file?: string;
  /** What `file` holds, where it has been read already. */
  values?: unknown;
  /** The content of a configuration file, used instead of a file. */
  settings?: {values: unknown; origin: string};
  /** The folder in which the user's own file may be. Without it, none is looked for. */
  userFolder?: string;
  /** Variables of which those called GAN_... count. Without them, none does. */
  env?: NodeJS.ProcessEnv;
  /** Told of files that were found and are not used. */
  warn?(message: string): void;
  /** Neither the project's nor the user's file, nor the environment. */
  ignoreFiles?: boolean;
  /**
   * `file` is that of a run which is there already: of the environment and of the user's file, the backend alone
   * counts.
   */
  ofRun?: boolean;
}

/** Reads the files and the environment. A complete project file stands for itself: no user's file is below it. */
export async function readSources(
  {file, values, settings, userFolder, env = {}, warn, ignoreFiles = false, ofRun = false}: ConfigSources,
  cwd: string,
): Promise<{project?: ConfigFile; user?: ConfigFile; environment: Assignments}> {
  const ofBackend = (layer: Assignments): Assignments =>
    ofRun ? new Map([...layer].filter(([key]) => splitKey(key)[0] === 'backend')) : layer;
  const finder = {userFolder, ...(warn && {warn})};
  const project = settings
    ? configOf(settings.values, settings.origin, cwd)
    : file !== undefined
      ? values === undefined
        ? await readConfigFile(file, cwd)
        : toConfigFile(path.resolve(cwd, file), values)
      : ignoreFiles
        ? undefined
        : await findConfigFile(cwd, finder);
  if (project && ofRun) assertComplete(project);
  const stands = ignoreFiles || (project?.complete === true && !ofRun);
  const user = userFolder === undefined || stands ? undefined : await findUserFile(userFolder, finder);
  return {
    ...(project && {project}),
    ...(user && {user: {...user, assignments: ofBackend(user.assignments)}}),
    environment: ignoreFiles ? new Map<string, Given>() : ofBackend(environmentLayer(env)),
  };
}

/**
 * Returns the part that a key finally names, and its options. Options belong to the part that their layer and those
 * below it choose. A stronger layer that names another part, or other data, discards the options of weaker layers.
 * @param optionsKey the key of the options
 */
export function effectivePart(
  layers: Layers,
  key: string,
  preset: string,
  optionsKey = key,
): {chosen: Given; options: Assignments} {
  let chosen: Given = {value: preset, origin: 'default'};
  let options: Assignments = new Map();
  for (const layer of layers) {
    const named = layer.get(key);
    if (named && named.value !== chosen.value) options = new Map();
    chosen = named ?? chosen;
    options = merge([options, optionsOf(layer, optionsKey)]);
  }
  return {chosen, options};
}

/** The keys that say how long a training is: the first of these that is there counts. */
const lengths = ['steps', 'minutes', 'epochs'] as const;

/** Plain values of all layers. How long the training is, the strongest layer that says so decides. */
export function scalarLayer(layers: Layers): Assignments {
  const out: Assignments = new Map();
  for (const layer of layers) {
    const length = lengths.findIndex((key) => layer.has(key));
    for (const key of lengths.slice(0, Math.max(length, 0))) out.delete(key);
    for (const key of scalarKeys) {
      const given = layer.get(key);
      if (given) out.set(key, given);
    }
  }
  return out;
}

/** The strongest layer's value of a key. */
export const pick = (layers: Layers, key: string): Given | undefined =>
  layers.findLast((layer) => layer.has(key))?.get(key);

export const merge = (layers: Layers): Assignments => new Map(layers.flatMap((layer) => [...layer]));
