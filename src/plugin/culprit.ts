import {realpathSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {GanError, messageOf} from '../errors.js';
import type {DeclaredPart} from './manifest.js';

/** Plug-ins of which code was loaded in this process: the folder of each, as stacks show it, and its name. */
const known = new Map<string, string>();

/** A new command has loaded none. */
export const forgetPlugins = (): void => known.clear();

/** Remembers where the code of a plug-in lies. */
export function knowPlugin({package: name, root}: Pick<DeclaredPart, 'package'> & {root: string}): void {
  for (const folder of new Set([root, realpath(root)]))
    for (const shown of [folder, pathToFileURL(folder).href]) known.set(shown.replace(/\/?$/, ''), name);
}

function realpath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/**
 * The plug-in whose code a stack leads through, and the line of it; undefined where there is none. For what no call of
 * a part can be blamed for: a promise that nobody waits for, a timer, an end of the process.
 */
export function culpritOf(stack: string | undefined): {package: string; at: string} | undefined {
  if (known.size === 0) return undefined;
  for (const line of stack?.split('\n') ?? [])
    for (const [folder, name] of known)
      if ([`${folder}/`, `${folder}${path.sep}`].some((start) => line.includes(start)))
        return {package: name, at: line.trim().replace(/^at /, '')};
  return undefined;
}

/** The names of the plug-ins of which code was loaded. */
export const loadedPlugins = (): string[] => [...new Set(known.values())].sort();

/**
 * The error of a plug-in that happened outside of every call of it; undefined for one that is none of a plug-in.
 * @param what what it did, where that is not throwing: `called process.exit(0)`
 */
export function pluginError(error: unknown, what?: string): GanError | undefined {
  const {stack} = readError(error);
  const culprit = culpritOf(stack) ?? guess(error);
  if (culprit === undefined) return undefined;
  const {package: name, at} = culprit;
  return new GanError(
    'config',
    'GAN_PLUGIN_FAILED',
    `The plug-in ${name} ${what ?? `failed outside of every call of it: ${messageOf(error)}`}`,
    {
      cause: error,
      suggestions: [
        ...(at === undefined ? [] : [`It happened at ${at}.`]),
        `Report this to the author of ${name}, or do without it: gan plugins uninstall ${name}`,
      ],
    },
  );
}

/**
 * What has no stack, or a stack of nobody, is none of this package, which throws errors: where one plug-in was loaded
 * it comes from there.
 */
function guess(error: unknown): {package: string; at?: string} | undefined {
  const names = loadedPlugins();
  const isOurs = error instanceof Error && (error as {code?: unknown}).code !== 'ERR_UNHANDLED_REJECTION';
  return isOurs || names.length === 0 ? undefined : {package: names.join(' or ')};
}

/** The stack and the message of a caught value, as far as it lets them be read. */
export function readError(error: unknown): {stack: string; message: string} {
  const read = (key: 'stack' | 'message'): string => {
    try {
      const value: unknown = (error as Record<string, unknown> | null | undefined)?.[key];
      return typeof value === 'string' ? value : '';
    } catch {
      return '';
    }
  };
  return {stack: read('stack'), message: read('message')};
}
