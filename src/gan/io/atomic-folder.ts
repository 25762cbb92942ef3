import {mkdir, readdir, rm, rmdir, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {GanError} from '../../errors.js';
import {atPath} from '../../system-error.js';
import {syncFolder, temporaryName, underName} from './atomic-write.js';
import {renameOver} from './rename.js';
import {assertNotOfWindows} from './windows-names.js';

/**
 * Makes the folder `out` with these files, by their paths inside it: all of them, or none.
 * @returns the paths of the files
 * @throws GanError GAN_OUT_EXISTS (exit 2) when there is something already
 */
export async function writeNewFolder(out: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<string[]> {
  await assertNew(out);
  const temporary = temporaryName(path.resolve(out));
  try {
    await underName({temporary, path: out}, writeFiles(temporary, files));
    await rmdir(out).catch(() => {}); // an empty folder
    await renameOver(temporary, out);
    await syncFolder(path.dirname(path.resolve(out)));
  } catch (error) {
    await rm(temporary, {recursive: true, force: true});
    throw error;
  }
  return [...files.keys()].map((name) => path.join(out, name));
}

async function writeFiles(into: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const folders = new Set<string>();
  for (const [name, data] of files) {
    const file = path.join(into, name);
    await mkdir(path.dirname(file), {recursive: true});
    await atPath(file, writeFile(file, data, {flush: true}));
    folders.add(path.dirname(file));
  }
  for (const folder of folders) await syncFolder(folder);
}

/** @throws GanError GAN_OUT_EXISTS, GAN_PATH for a name that means something else (exit 2) */
export async function assertNew(out: string): Promise<void> {
  assertNotOfWindows(out);
  const stats = await stat(out).catch(() => undefined);
  if (!stats || (stats.isDirectory() && (await readdir(out)).length === 0)) return;
  throw new GanError(
    'usage',
    'GAN_OUT_EXISTS',
    stats.isDirectory() ? `The folder ${out} is not empty.` : `${out} is a file, not a folder.`,
    {suggestions: ['Choose another --out.']},
  );
}
