/** Folders for new runs: taken by making them, so that of two processes one gets a name. */
import {mkdirSync, readdirSync, statSync} from 'node:fs';
import path from 'node:path';
import {GanError, isGanError} from '../errors.js';
import {isLockFile, lockName} from './run-folder.js';
import {quoted} from '../system-error.js';
import {assertNotOfWindows} from '../gan/io/windows-names.js';
import {isInUse, lockRun, type RunLock} from './run-lock.js';

/**
 * Makes the folder `STEM-N` with the first number that is free, and locks it.
 * @returns the lock, which knows the folder
 */
export async function claimNumbered(stem: string): Promise<RunLock> {
  mkdirSync(path.dirname(stem), {recursive: true});
  for (let n = 1; ; n++) {
    const dir = `${stem}-${n}`;
    try {
      if (makeFolder(dir)) return await lockRun(dir, {isNew: true});
      if (isAbandoned(dir)) return await claimFolder(dir);
    } catch (error) {
      if (!isGanError(error) || !['GAN_RUN_IN_USE', 'GAN_OUT_EXISTS'].includes(error.code)) throw error;
      // another one was quicker
    }
  }
}

/** Nothing is in it but the lock of a process that ended before it trained. */
function isAbandoned(dir: string): boolean {
  try {
    const names = readdirSync(dir);
    return names.includes(lockName) && names.every(isLockFile) && !isInUse(dir);
  } catch {
    return false; // it is no folder, or cannot be read
  }
}

/**
 * Makes a folder, or takes an empty one, and locks it.
 * @throws GanError GAN_OUT_EXISTS (exit 2) when there is something in it, GAN_RUN_IN_USE (exit 2) when another process
 * was quicker, GAN_PATH (exit 2) for a name that means something else
 */
export async function claimFolder(dir: string): Promise<RunLock> {
  assertNotOfWindows(dir);
  mkdirSync(path.dirname(path.resolve(dir)), {recursive: true});
  const isNew = makeFolder(dir);
  if (!isNew) assertUnused(dir);
  const lock = await lockRun(dir, {isNew});
  try {
    assertUnused(dir); // since the lock is there, no other run begins in it
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * A new run must not write into what is there already.
 * @throws GanError GAN_OUT_EXISTS, GAN_PATH (exit 2)
 */
export function assertUnused(dir: string): void {
  assertNotOfWindows(dir);
  const stats = statSync(dir, {throwIfNoEntry: false});
  if (!stats) return;
  if (!stats.isDirectory())
    throw new GanError('usage', 'GAN_OUT_EXISTS', `${dir} is a file, not a folder.`, {
      suggestions: ['Choose another --out.'],
    });
  if (readdirSync(dir).every(isLockFile)) return;
  throw new GanError('usage', 'GAN_OUT_EXISTS', `The folder ${dir} is not empty.`, {
    suggestions: isInUse(dir)
      ? ['Choose another --out.']
      : [`gan fit --resume ${quoted(dir)}   continues the run in it`, 'Or choose another --out.'],
  });
}

/** @returns false when there is something of that name */
function makeFolder(dir: string): boolean {
  try {
    mkdirSync(dir);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
