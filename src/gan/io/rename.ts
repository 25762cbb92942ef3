import {rename} from 'node:fs/promises';

/** What Windows says while another process (a reader, a virus scanner, an indexer) has the file open. */
const inUse: readonly string[] = ['EPERM', 'EACCES', 'EBUSY'];

/** Waits in ms before each further try: 1.3 s together, longer than a scanner takes for a small file. */
const pauses: readonly number[] = [10, 20, 40, 80, 160, 320, 640];

/**
 * Renames a file or folder, over one that is there. On Windows, where a file that somebody reads cannot be replaced, it
 * tries again for a while.
 * @throws the error of the operating system
 */
export async function renameOver(
  from: string,
  to: string,
  {platform = process.platform, move = rename}: {platform?: NodeJS.Platform; move?: typeof rename} = {},
): Promise<void> {
  for (const pause of platform === 'win32' ? pauses : []) {
    try {
      return await move(from, to);
    } catch (error) {
      if (!inUse.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  await move(from, to);
}
