import {createHash, randomUUID} from 'node:crypto';
import {mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {homedir} from 'node:os';
import path from 'node:path';

/**
 * Returns the cache folder of this machine: XDG_CACHE_HOME, LOCALAPPDATA on Windows, ~/Library/Caches on macOS,
 * otherwise ~/.cache.
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const base =
    env['XDG_CACHE_HOME'] ||
    (platform === 'win32'
      ? env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local')
      : path.join(home, platform === 'darwin' ? 'Library/Caches' : '.cache'));
  return path.join(base, 'gan', 'cuda');
}

const hashBytes = 32;
const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();

function tryToRemove(file: string): void {
  try {
    rmSync(file, {force: true});
  } catch {
    // where it lies is no folder
  }
}

/**
 * Bytes by key, in files. An entry begins with its hash: one that was cut short or damaged counts as missing, and is
 * written again. Processes may share a folder: entries appear whole, by renaming. Where the folder cannot be written,
 * nothing is kept.
 */
export class DiskCache {
  constructor(readonly folder: string) {}

  get(key: string): Uint8Array | undefined {
    let file: Buffer;
    try {
      file = readFileSync(this.#file(key));
    } catch {
      return undefined;
    }
    const data = file.subarray(hashBytes);
    return file.length > hashBytes && sha256(data).equals(file.subarray(0, hashBytes)) ? data : undefined;
  }

  put(key: string, data: Uint8Array): void {
    const file = this.#file(key);
    const temporary = `${file}.${process.pid}.${randomUUID()}`;
    try {
      mkdirSync(this.folder, {recursive: true});
      writeFileSync(temporary, Buffer.concat([sha256(data), data]));
      renameSync(temporary, file);
    } catch {
      tryToRemove(temporary); // a full or read-only disk costs time only
    }
  }

  #file(key: string): string {
    return path.join(this.folder, sha256(key).toString('hex'));
  }
}
