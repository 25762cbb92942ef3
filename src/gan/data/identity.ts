import {createHash} from 'node:crypto';
import {readFile, stat} from 'node:fs/promises';
import {relative, sep} from 'node:path';
import type {Source} from './types.js';

/** What tells data from other data. Where they are does not count. Fields that are absent could not be told. */
export interface DataIdentity {
  /** Number of items; absent where there is no end of them. */
  items?: number;
  /** Of files: their sizes together. */
  bytes?: number;
  /** SHA-256 of the names of the files, in order, relative to their folder. */
  names?: string;
  /** SHA-256 of the sizes. */
  sizes?: string;
  /** SHA-256 of the content of all files, where they have at most 64 MiB together. */
  content?: string;
  /** What the data source says of itself. */
  source?: string;
}

/** Files are read for their identity up to so many bytes in all: a tenth of a second's work. */
const mostContent = 64 * 2 ** 20;

/** Files that are looked at at a time. */
const atATime = 256;

/**
 * The identity of files. One that cannot be read counts as such, since a training replaces it.
 * @param folder that the names are relative to
 */
export async function identifyFiles(folder: string, paths: readonly string[]): Promise<DataIdentity> {
  const names = createHash('sha256');
  const sizes = createHash('sha256');
  let bytes = 0;
  for (let from = 0; from < paths.length; from += atATime) {
    const some = paths.slice(from, from + atATime);
    const found = await Promise.all(some.map((path) => stat(path).catch(() => undefined)));
    some.forEach((path, i) => {
      names.update(`${relative(folder, path).split(sep).join('/')}\0`);
      sizes.update(`${found[i]?.size ?? 'unreadable'}\0`);
      bytes += found[i]?.size ?? 0;
    });
  }
  return {
    items: paths.length,
    bytes,
    names: names.digest('hex'),
    sizes: sizes.digest('hex'),
    ...(bytes <= mostContent && {content: await contentOf(paths)}),
  };
}

async function contentOf(paths: readonly string[]): Promise<string> {
  const content = createHash('sha256');
  for (const path of paths) {
    const bytes = await readFile(path).catch(() => undefined);
    content.update(bytes ? `${bytes.length}\0` : 'unreadable\0');
    if (bytes) content.update(bytes);
  }
  return content.digest('hex');
}

/** The identity of the items of a data source: their number, and what the source says. */
export const identifySource = ({size, identity}: Source): DataIdentity => ({
  ...(size !== undefined && {items: size}),
  ...(identity !== undefined && {source: identity}),
});

/** How data differ from what they were, in words; undefined when nothing tells that they do. */
export function dataDifference(before: DataIdentity, now: DataIdentity): string | undefined {
  const told = ({items, bytes}: DataIdentity): string =>
    `${items ?? 'endless'} item${items === 1 ? '' : 's'}${bytes === undefined ? '' : ` (${bytes} bytes)`}`;
  const differs = (key: keyof DataIdentity): boolean =>
    before[key] !== undefined && now[key] !== undefined && before[key] !== now[key];
  if (before.items !== now.items || (before.names === undefined) !== (now.names === undefined))
    return `there were ${told(before)}, now there are ${told(now)}`;
  if (differs('names')) return `the ${told(before)} are still as many, but some have other names`;
  if (differs('sizes')) return `the names of the ${told(before)} are the same, but some files have other sizes`;
  if (differs('content')) return `names and sizes of the ${told(before)} are the same, but some have other content`;
  if (differs('source')) return `the source said '${before.source}' of its items, now it says '${now.source}'`;
  return undefined;
}
