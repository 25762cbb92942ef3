/**
 * Which configuration files that are code may run without being named: those of the user's own project, and those that
 * the user has trusted (`gan config trust`).
 */
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, realpathSync} from 'node:fs';
import {homedir} from 'node:os';
import path from 'node:path';
import {messageOf} from '../errors.js';
import {foreignReason} from '../plugin/foreign.js';

/** Files that run when they are read. */
export const isScript = (file: string): boolean => ['.js', '.mjs', '.cjs', '.ts'].includes(path.extname(file));

/** Where the trusted files are noted, in the user's folder of settings: the SHA-256 of each by its path. */
export const trustFile = (userFolder: string): string => path.join(userFolder, 'trusted-configs.json');

/** The trusted files; none where nothing was noted, or where the notes cannot be read. */
export function trustedFiles(userFolder: string): Record<string, string> {
  try {
    const noted: unknown = JSON.parse(readFileSync(trustFile(userFolder), 'utf8'));
    return Object.fromEntries(
      Object.entries(noted as object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}

/** What is noted of a file: its real path, and the hash of what it holds now. */
export const fingerprintOf = (file: string): {path: string; sha256: string} => ({
  path: realpathSync(file),
  sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
});

/**
 * Why a script that was found, and that nobody named, does not run; undefined when it may.
 * @param folder where it was found
 * @param cwd the working folder, from which it was looked for; absent for the user's own file
 * @param userFolder the user's folder of settings
 */
export function scriptRefusal(
  file: string,
  {folder, cwd, userFolder}: {folder: string; cwd?: string; userFolder?: string | undefined},
): string | undefined {
  try {
    if (userFolder !== undefined) {
      const {path: real, sha256} = fingerprintOf(file);
      const trusted = trustedFiles(userFolder);
      if (Object.hasOwn(trusted, real)) {
        if (trusted[real] === sha256) return undefined;
        return 'it has changed since it was trusted';
      }
    }
    return foreignReason(file) ?? (cwd === undefined ? undefined : placeReason(folder, cwd));
  } catch (error) {
    return messageOf(error);
  }
}

/** Why a folder is not the project's own: the one with the package.json, the working folder, or home. */
function placeReason(folder: string, cwd: string): string | undefined {
  if (isRunFolder(folder)) return `${folder} is the folder of a run`;
  if (folder === path.resolve(cwd) || folder === homedir()) return undefined;
  for (let above = path.resolve(cwd); ; above = path.dirname(above)) {
    if (existsSync(path.join(above, 'package.json'))) return undefined; // nobody looks above it
    if (above === path.dirname(above)) return `${folder} is above the working folder, and has no package.json`;
  }
}

/** A run folder is data, whoever it is from. */
const isRunFolder = (folder: string): boolean =>
  existsSync(path.join(folder, 'config.json')) && existsSync(path.join(folder, 'metrics.jsonl'));
