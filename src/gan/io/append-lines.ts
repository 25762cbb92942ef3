import {open} from 'node:fs/promises';

/**
 * Appends whole lines to a file, or nothing: what a failed write left is cut off again. Where a crash has cut the last
 * line of the file short, the new ones begin on a line of their own.
 * @param text ends with a line feed
 */
export async function appendLines(path: string, text: string, {sync = false} = {}): Promise<void> {
  const file = await open(path, 'a+');
  try {
    const {size} = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    try {
      await file.appendFile(size > 0 && last[0] !== 10 ? `\n${text}` : text);
      if (sync) await file.datasync();
    } catch (error) {
      await file.truncate(size).catch(() => {}); // what went wrong first is told
      throw error;
    }
  } finally {
    await file.close();
  }
}
