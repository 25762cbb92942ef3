import {open, rename, unlink} from 'node:fs/promises';
import {dirname} from 'node:path';
import {atPath} from '../../system-error.js';

/**
 * Writes to a temporary name beside `path`, syncs, renames: after a crash the old file or the new one is there, whole.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w');
  try {
    await atPath(path, file.writeFile(data));
    await atPath(path, file.sync());
  } catch (error) {
    await file.close();
    await unlink(temporary).catch(() => {}); // what went wrong first is told
    throw error;
  }
  await file.close();
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a rename durable. Windows cannot open folders and needs no such step. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await atPath(path, folder.sync());
  } finally {
    await folder.close();
  }
}
