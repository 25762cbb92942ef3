import {createHash} from 'node:crypto';
import {readFile, stat} from 'node:fs/promises';
import {isAddress, lastName} from '../../address.js';
import {isGanError} from '../../errors.js';
import {openRandomAccess} from '../io/random-access-file.js';
import {Limiter, readAhead} from './concurrency.js';
import {slashedBelow} from '../io/windows-names.js';
import type {Source} from './types.js';

/** What tells data from other data. Where they are does not count. Fields that are absent could not be told. */
export interface DataIdentity {
  /** Number of items; absent where there is no end of them. Of arrays: of their files. */
  items?: number;
  /** Of arrays: how many pictures they hold. */
  pictures?: number;
  /** Of files: their sizes together. */
  bytes?: number;
  /** SHA-256 of the names of the files, in order, relative to their folder. */
  names?: string;
  /** SHA-256 of the sizes. */
  sizes?: string;
  /** SHA-256 of the content of all files, where they have at most 64 MiB together. */
  content?: string;
  /** Of larger files that hold arrays: SHA-256 of 64 pieces of each. Of pictures of a list on a server: of some. */
  sample?: string;
  /** Of other larger ones: SHA-256 of some of the files. Earlier versions did not tell it. */
  some?: string;
  /** SHA-256 of the labels and the names of their classes. */
  labels?: string;
  /** What the data source says of itself. */
  source?: string;
}

/** Files are read for their identity up to so many bytes in all: a tenth of a second, some of very many small ones. */
const mostContent = 64 * 2 ** 20;

/** Files that are looked at at a time. */
const atATime = 256;

/** Pictures, or other things with names, that an identity is made of. */
export interface Contents {
  /** With `/` between folders. */
  names: readonly string[];
  /** Bytes of each; undefined: it cannot be read. */
  sizes: readonly (number | undefined)[];
  read(index: number): Promise<Uint8Array>;
}

/** The identity of things with names. One that cannot be read counts as such, since a training replaces it. */
export async function identifyContents(contents: Contents): Promise<DataIdentity> {
  const identity = await identifySmall(contents);
  if (identity.content !== undefined) return identity;
  const {items = 0, bytes = 0} = identity;
  const count = Math.max(1, Math.min(someThings, Math.floor((mostContent / bytes) * items)));
  return {...identity, some: await contentOf(evenly(count, items), contents.read)};
}

/** The same, without content where there is no time for all of it. */
async function identifySmall({names, sizes, read}: Contents): Promise<DataIdentity> {
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  return {
    items: names.length,
    bytes,
    names: hashed(names),
    sizes: hashed(sizes.map((size) => size ?? 'unreadable')),
    ...(bytes <= mostContent && {content: await contentOf(evenly(names.length, names.length), read)}),
  };
}

/** So many of the numbers from 0 to `all` - 1, from all over them. */
const evenly = (count: number, all: number): number[] =>
  Array.from({length: count}, (_, i) => Math.floor((i * all) / count));

/**
 * The identity of files.
 * @param folder that the names are relative to
 */
export async function identifyFiles(folder: string, paths: readonly string[]): Promise<DataIdentity> {
  return identifyContents({
    names: paths.map((path) => slashedBelow(folder, path)),
    sizes: await sizesOf(paths),
    read: (index) => readFile(paths[index]!),
  });
}

/** Things that are read for an identity where it would take long to ask for all. */
const [someThings, someAtOnce] = [64, 8];

/** The identity of pictures of which nothing is known before they are fetched: some of them count, and all names. */
export async function identifySome(
  names: readonly string[],
  read: (index: number) => Promise<string | Uint8Array | object>,
): Promise<DataIdentity> {
  const limiter = new Limiter(someAtOnce);
  const places = evenly(Math.min(names.length, someThings), names.length);
  const bytesOf = async (index: number): Promise<Uint8Array> => {
    const found = await read(index);
    return typeof found === 'string' ? readFile(found) : (found as Uint8Array);
  };
  const sums = places.map((index) =>
    limiter.run(() =>
      bytesOf(index).then(
        (bytes) => createHash('sha256').update(bytes).digest('hex'),
        (error: unknown) => {
          if (isGanError(error)) throw error;
          return 'unreadable';
        },
      ),
    ),
  );
  return {items: names.length, names: hashed(names), sample: hashed(await Promise.all(sums))};
}

function hashed(values: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(`${value}\0`);
  return hash.digest('hex');
}

async function sizesOf(paths: readonly string[]): Promise<(number | undefined)[]> {
  const sizes: (number | undefined)[] = [];
  for (let from = 0; from < paths.length; from += atATime) {
    const some = paths.slice(from, from + atATime);
    sizes.push(
      ...(await Promise.all(
        some.map((path) =>
          stat(path).then(
            ({size}) => size,
            () => undefined,
          ),
        ),
      )),
    );
  }
  return sizes;
}

/** Things that are read at a time: many are small, and of a server each takes a while. */
const contentsAtOnce = 16;

async function contentOf(places: readonly number[], read: Contents['read']): Promise<string> {
  const content = createHash('sha256');
  const bytesOf = (i: number): Promise<Uint8Array | undefined> =>
    read(places[i]!).catch((error: unknown) => {
      if (isGanError(error)) throw error; // it is not of this one alone
      return undefined;
    });
  for await (const bytes of readAhead({from: 0, to: places.length, ahead: contentsAtOnce}, bytesOf)) {
    content.update(bytes ? `${bytes.length}\0` : 'unreadable\0');
    if (bytes) content.update(bytes);
  }
  return content.digest('hex');
}

/** Pieces of a file that are looked at where there is no time for all of it, and the bytes of each. */
const [pieces, pieceBytes] = [64, 64 << 10];

/**
 * The identity of files that hold arrays: as `identifyFiles`, with the number of pictures in them. Of files that are
 * too large to be read whole, some pieces count.
 */
export async function identifyArrays(
  folder: string,
  paths: readonly string[],
  pictures: number,
): Promise<DataIdentity> {
  const files = await Promise.all(paths.map(async (path) => openRandomAccess(path)));
  const identity = {
    ...(await identifySmall({
      names: paths.map((path) => (isAddress(path) ? lastName(path) : slashedBelow(folder, path))),
      sizes: files.map(({size}) => size),
      read: (index) => files[index]!.read(0, files[index]!.size),
    })),
    pictures,
  };
  if (identity.content !== undefined) return identity;
  const sample = createHash('sha256');
  for (const file of files) {
    const last = Math.max(0, file.size - pieceBytes);
    for (let piece = 0; piece < pieces; piece++)
      sample.update(await file.read(Math.floor((last * piece) / (pieces - 1)), pieceBytes));
  }
  return {...identity, sample: sample.digest('hex')};
}

/** The identity of the items of a data source: their number, and what the source says. */
export const identifySource = ({size, identity}: Source): DataIdentity => ({
  ...(size !== undefined && {items: size}),
  ...(identity !== undefined && {source: identity}),
});

/** How data differ from what they were, in words; undefined when nothing tells that they do. */
export function dataDifference(before: DataIdentity, now: DataIdentity): string | undefined {
  const told = ({pictures, items: files, bytes}: DataIdentity): string => {
    const items = pictures ?? files;
    return `${items ?? 'endless'} item${items === 1 ? '' : 's'}${bytes === undefined ? '' : ` (${bytes} bytes)`}`;
  };
  const differs = (key: keyof DataIdentity): boolean =>
    before[key] !== undefined && now[key] !== undefined && before[key] !== now[key];
  if (before.items !== now.items || differs('pictures') || (before.names === undefined) !== (now.names === undefined))
    return `there were ${told(before)}, now there are ${told(now)}`;
  if (differs('names')) return `the ${told(before)} are still as many, but some have other names`;
  if (differs('sizes')) return `the names of the ${told(before)} are the same, but some files have other sizes`;
  if (differs('content')) return `names and sizes of the ${told(before)} are the same, but some have other content`;
  if (differs('sample') || differs('some'))
    return `names and sizes of the ${told(before)} are the same, but what they hold is not`;
  if (differs('labels')) return `the ${told(before)} are the same, but have other labels`;
  if (differs('source')) return `the source said '${before.source}' of its items, now it says '${now.source}'`;
  return undefined;
}
