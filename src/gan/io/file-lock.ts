import {randomBytes} from 'node:crypto';
import {link, open, readFile, rename, rm} from 'node:fs/promises';
import {hostname} from 'node:os';
import {GanError} from '../../errors.js';

/**
 * Takes a file for this process alone, by a file beside it: `FILE.lock`. That of a process that has ended on this
 * machine is taken over.
 * @returns gives it back
 * @throws GanError GAN_FILE_IN_USE (exit 2), which names the process that has it
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const own = JSON.stringify({pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex')});
  for (;;) {
    try {
      const file = await open(lock, 'wx');
      try {
        await file.writeFile(own);
      } finally {
        await file.close();
      }
      return () => release(lock, own);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await readFile(lock, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error; // another user's: it would be asked for without end
      return undefined;
    });
    if (found !== undefined && (!isLeft(found) || !(await takeAway(lock, found)))) throw inUse(path, lock, found);
  }
}

async function release(lock: string, own: string): Promise<void> {
  if ((await readFile(lock, 'utf8').catch(() => '')) === own) await rm(lock, {force: true});
}

interface Holder {
  pid?: number;
  host?: string;
}

function holderOf(text: string): Holder {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return {}; // it is just being written
  }
}

/** Whether a lock is of a process that has ended on this machine. */
function isLeft(text: string): boolean {
  const {pid, host} = holderOf(text);
  if (host !== hostname() || !Number.isInteger(pid)) return false;
  try {
    process.kill(pid!, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Takes a lock away, if it is still this one. */
async function takeAway(lock: string, text: string): Promise<boolean> {
  const aside = `${lock}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await rename(lock, aside);
  } catch {
    return true; // somebody else has
  }
  const isSame = (await readFile(aside, 'utf8')) === text;
  if (!isSame) await link(aside, lock).catch(() => {}); // another process has just taken it: back with it
  await rm(aside, {force: true});
  return isSame;
}

function inUse(path: string, lock: string, text: string): GanError {
  const {pid, host} = holderOf(text);
  const who = pid === undefined ? 'Another process' : `The process ${pid} on ${host}`;
  return new GanError('usage', 'GAN_FILE_IN_USE', `${who} is writing ${path}.`, {
    suggestions: [
      'Wait until it has ended, or use another name.',
      `If there is no such process any more: delete ${lock}`,
    ],
  });
}
