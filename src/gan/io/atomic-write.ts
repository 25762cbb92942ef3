import {randomBytes} from 'node:crypto';
import {constants} from 'node:fs';
import {open, realpath, rm, stat, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {GanError} from '../../errors.js';
import {atPath} from '../../system-error.js';
import {renameOver} from './rename.js';

/** A name beside `path` that no other process on any host uses, and that ends with `.tmp`. */
export const temporaryName = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/**
 * Passes a promise on; an error of the system about `temporary`, or about something in it, gets the name that the user
 * knows.
 */
export async function underName<T>({temporary, path}: {temporary: string; path: string}, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const {path: at} = error as NodeJS.ErrnoException;
    if (at?.startsWith(temporary)) Object.assign(error as Error, {path: path + at.slice(temporary.length)});
    throw error;
  }
}

/**
 * Writes to a temporary name beside `path`, syncs, renames: after a crash the old file or the new one is there, whole.
 * Where a link leads, the file is written; what is no regular file, such as /dev/stdout, is written to as it is.
 * @throws GanError GAN_PATH (exit 2) for a pipe that nothing reads; what the system says
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile() && !there.isDirectory()) {
    await assertRead(path);
    return writeFile(path, data);
  }
  const target = there ? await realpath(path) : path;
  const temporary = temporaryName(target);
  try {
    await underName({temporary, path: target}, writeInto(temporary, data));
    await underName({temporary, path: target}, renameDurably(temporary, target));
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => {}); // what went wrong first is told
    throw error;
  }
}

/** Writes a new file. */
async function writeInto(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await atPath(path, file.writeFile(data));
  } finally {
    await file.close();
  }
}

/** A pipe that nothing reads would be waited for without end. */
async function assertRead(path: string): Promise<void> {
  const flags = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0); // Windows has no O_NONBLOCK
  const pipe = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENXIO') throw cause;
    throw new GanError('usage', 'GAN_PATH', `${path} cannot be written: it is a pipe or a socket that nothing reads`, {
      suggestions: ['Name a file, or start the program that reads from it first.'],
      cause,
    });
  });
  await pipe.close();
}

/** Gives a finished file its name, so that after a crash the name stands for the whole file. */
export async function renameDurably(temporary: string, path: string): Promise<void> {
  const file = await open(temporary, 'r+');
  try {
    await atPath(path, file.sync());
  } finally {
    await file.close();
  }
  await renameOver(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a rename durable. Windows cannot open folders and needs no such step. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await atPath(path, folder.sync());
  } catch (error) {
    const {code = ''} = error as NodeJS.ErrnoException;
    if (!['EINVAL', 'ENOTSUP'].includes(code)) throw error; // some network file systems cannot sync folders
  } finally {
    await folder.close();
  }
}

/**
 * Renames a damaged file, so that nothing takes its place silently.
 * @returns its new name: `path.damaged-1`, or the next number that is free
 */
export async function setAside(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const aside = `${path}.damaged-${n}`;
    if (await stat(aside).catch(() => undefined)) continue;
    await renameOver(path, aside);
    return aside;
  }
}
