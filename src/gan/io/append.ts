import {open, type FileHandle} from 'node:fs/promises';

/** Appends all of it to a file, or nothing: what a failed write left is cut off again. */
export async function appendWhole(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'a');
  try {
    await append(file, (await file.stat()).size, data);
  } finally {
    await file.close();
  }
}

/**
 * Appends whole lines to a file, or nothing. Where a crash has cut the last line of the file short, the new ones begin
 * on a line of their own.
 * @param text ends with a line feed
 */
export async function appendLines(path: string, text: string, {sync = false} = {}): Promise<void> {
  const file = await open(path, 'a+');
  try {
    const {size} = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    await append(file, size, size > 0 && last[0] !== 10 ? `\n${text}` : text, {sync});
  } finally {
    await file.close();
  }
}

async function append(file: FileHandle, size: number, data: string | Uint8Array, {sync = false} = {}): Promise<void> {
  try {
    await file.appendFile(data);
    if (sync) await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => {}); // what went wrong first is told
    throw error;
  }
}
