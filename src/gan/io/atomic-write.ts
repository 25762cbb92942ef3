import {open, unlink} from 'node:fs/promises';
import {dirname} from 'node:path';
import {renameOver} from './rename.js';

/**
 * Writes to a temporary name beside `path`, syncs, renames: after a crash the old file or the new one is there, whole.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(data);
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(temporary);
    throw error;
  }
  await file.close();
  await renameOver(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a rename durable. Windows cannot open folders and needs no such step. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
