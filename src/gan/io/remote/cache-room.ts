/** How much of the disk data from servers take: folders that have not been used for the longest time make room. */
import {mkdir, readdir, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';

/** Bytes that the folders which this process uses may come to. */
const inUse = new Map<string, number>();

/**
 * Takes room for a folder, instead of what it has had, and deletes others for it, the oldest first.
 * @param limit bytes of all folders
 * @returns whether there is room
 */
export async function takeRoom(folder: string, bytes: number, limit: number): Promise<boolean> {
  const root = dirname(folder);
  const had = inUse.get(folder);
  const others = [...inUse].filter(([each]) => each !== folder && dirname(each) === root);
  if (others.reduce((sum, [, each]) => sum + each, bytes) > limit) return false;
  inUse.set(folder, bytes);
  await mkdir(root, {recursive: true});
  if (await makeRoom(root, folder, limit - bytes)) return true;
  if (had === undefined) inUse.delete(folder);
  else inUse.set(folder, had);
  return false;
}

/** Whether a name is one that the cache gives: the root may hold folders of others, which are left alone. */
const isFolderOfCache = (name: string): boolean => /^[0-9a-f]{32}$/.test(name);

/**
 * Deletes folders of other files, the oldest first, until all have at most so many bytes.
 * @returns whether they have no more
 */
async function makeRoom(root: string, own: string, most: number): Promise<boolean> {
  const found = await Promise.all(
    (await readdir(root)).filter(isFolderOfCache).map(async (name) => {
      const folder = join(root, name);
      const state = await stat(folder).catch(() => undefined); // other processes delete folders, too
      const taken = inUse.get(folder) ?? 0;
      return {folder, usedMs: state?.mtimeMs ?? 0, bytes: Math.max(taken, await bytesIn(folder))};
    }),
  );
  const others = found.filter(({folder}) => folder !== own).sort((a, b) => a.usedMs - b.usedMs);
  let left = others.reduce((sum, {bytes}) => sum + bytes, 0);
  for (const {folder, bytes} of others) {
    if (left <= most) break;
    if (inUse.has(folder)) continue;
    try {
      await rm(folder, {recursive: true, force: true});
      left -= bytes;
    } catch {
      // of another user; Windows deletes no file that is open
    }
  }
  return left <= most;
}

/** Bytes that are asked for and kept together, of a file that is read in parts. */
export const blockBytes = 1 << 20;

/** Bytes that a folder has: of the blocks of a file, of which `blocks` has 8 bytes for each, or of whole files. */
export async function bytesIn(folder: string): Promise<number> {
  const blocks = await stat(join(folder, 'blocks')).catch(() => undefined);
  if (blocks) return (blocks.size / 8) * blockBytes;
  const whole = join(folder, wholeFiles);
  const names = await readdir(whole).catch(() => []);
  const sizeOf = (name: string): Promise<number> =>
    stat(join(whole, name)).then(
      ({size}) => size,
      () => 0,
    );
  let bytes = 0;
  // of a large list there are a million files
  for (let from = 0; from < names.length; from += atATime)
    for (const size of await Promise.all(names.slice(from, from + atATime).map(sizeOf))) bytes += size;
  return bytes;
}

/** Files that are looked at at a time. */
const atATime = 256;

/** The folder in a folder of the cache in which whole files are. */
export const wholeFiles = 'files';
