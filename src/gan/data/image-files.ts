import type {Dirent} from 'node:fs';
import {opendir, realpath, stat} from 'node:fs/promises';
import {extname, join} from 'node:path';
import {GanError} from '../../errors.js';
import {slashedBelow} from '../io/windows-names.js';
import {decodeDeep, decodeImage} from './decode.js';
import type {Decoding, DecodeOptions} from './decode-options.js';
import {isImageContent} from './image-content.js';
import {describeItem, warningOfItems} from './items.js';
import {Normalization} from './normalize.js';
import type {FiniteSource, HostData} from './types.js';
import {VanishedFiles} from './vanished.js';

export const imageExtensions: readonly string[] = ['jpeg', 'jpg', 'png', 'webp', 'gif', 'tiff', 'tif', 'avif'];

/** Other endings of JPEG files, which listings have not always known. */
const laterExtensions: readonly string[] = ['jfif', 'jpe'];

/** Whether a file of this name is read as an image, whatever its content. */
export const isImageName = (name: string): boolean =>
  [...imageExtensions, ...laterExtensions].includes(extname(name).toLowerCase().slice(1));

/** Whether a path is that of an image: by its name, or by what the file begins with. */
export const isImageFile = async (path: string): Promise<boolean> =>
  isImageName(path) || ((await stat(path).catch(() => undefined))?.isFile() === true && (await isImageContent(path)));

export interface ImageFilesOptions {
  /** Look into subfolders as well. Default true. */
  recurse?: boolean;
  /** Only files with these extensions, without dot; case is ignored. Default: `imageExtensions`, and by content. */
  extensions?: readonly string[];
  /** 1: by `imageExtensions` alone, as in runs from before content was looked at. Default 2. */
  decoding?: Decoding;
}

/** How many files there are of each ending, `.heic` or none. */
export type FileKinds = ReadonlyMap<string, number>;

export interface ImageListing {
  files: string[];
  /** Other files, where they were looked into. */
  others: FileKinds;
}

/**
 * The paths of the image files in a folder, sorted by their path below it, the same on every system; of a single image
 * file its own path. Files with another extension, or none, are images by what they begin with.
 *
 * Names that begin with a dot are skipped. Links are followed, but each real folder is listed once only, under its own
 * name if it is in the tree: so loops end, and no image counts twice. A link to a missing image is listed, to be
 * reported when it is read.
 * @throws GanError GAN_DATA_NOT_FOUND, GAN_DATA_EMPTY (no such file), GAN_DATA_UNREADABLE (no permission)
 */
export async function getImageFiles(dir: string, options: ImageFilesOptions = {}): Promise<string[]> {
  return (await listImageFiles(dir, options)).files;
}

/** The image files of `getImageFiles`, and how many other files are beside them. @throws GanError as it does */
export async function listImageFiles(
  dir: string,
  {recurse = true, extensions: given, decoding}: ImageFilesOptions = {},
): Promise<ImageListing> {
  const extensions = given ?? imageExtensions;
  const byContent = given === undefined && decoding !== 1;
  const wanted = new Set(extensions.map((extension) => `.${extension.toLowerCase().replace(/^\./, '')}`));
  const leftOut = new Map<string, number>();
  const isImage = async (path: string): Promise<boolean> => {
    const extension = extname(path).toLowerCase();
    if (wanted.has(extension)) return true;
    if (byContent && (await isImageContent(path))) return true;
    leftOut.set(extension, (leftOut.get(extension) ?? 0) + 1);
    return false;
  };
  if ((await stat(dir).catch(() => undefined))?.isFile() && (await isImage(dir)))
    return {files: [dir], others: new Map()};
  const folders = [{path: dir, real: await existingFolder(dir, extensions)}];
  const listed = new Set<string>();
  const links: string[] = [];
  const files: string[] = [];

  const visit = async (path: string, real: string, entry: Dirent) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) {
      if (recurse) folders.push({path: child, real: join(real, entry.name)});
    } else if (entry.isSymbolicLink()) {
      const target = await stat(child).catch(() => undefined);
      if (target?.isDirectory()) links.push(child);
      else if (target ? target.isFile() && (await isImage(child)) : wanted.has(extname(child).toLowerCase()))
        files.push(child);
    } else if (entry.isFile() && (await isImage(child))) files.push(child);
  };

  for (;;) {
    const folder = folders.pop() ?? (recurse ? await nextLink(links) : undefined);
    if (!folder) break;
    if (listed.has(folder.real)) continue;
    listed.add(folder.real);
    await forEachEntry(folder.path, (entry) => visit(folder.path, folder.real, entry));
  }
  if (files.length === 0) throw empty(dir, recurse, extensions, leftOut);
  return {files: sortBelow(dir, files), others: byContent ? leftOut : new Map()};
}

/** The first link in alphabetical order, taken when all real folders have been listed. */
async function nextLink(links: string[]): Promise<{path: string; real: string} | undefined> {
  links.sort((a, b) => (a < b ? 1 : -1));
  const path = links.pop();
  return path === undefined ? undefined : {path, real: await realpath(path)};
}

/** Streams the folder, so that a large one is never held twice. */
async function forEachEntry(path: string, visit: (entry: Dirent) => Promise<void>): Promise<void> {
  try {
    for await (const entry of await opendir(path, {bufferSize: 512})) {
      if (!entry.name.startsWith('.')) await visit(entry);
    }
  } catch (cause) {
    throw new GanError(
      'data',
      'GAN_DATA_UNREADABLE',
      `the folder ${path} cannot be listed: ${(cause as Error).message}`,
      {
        suggestions: ['Give this user permission to read the folder, or move it elsewhere.'],
        cause,
      },
    );
  }
}

async function existingFolder(dir: string, extensions: readonly string[]): Promise<string> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory()) return realpath(dir);
  throw new GanError(
    'data',
    'GAN_DATA_NOT_FOUND',
    found ? `${dir} is a file, but no image` : `the folder ${dir} does not exist`,
    {
      suggestions: [
        found
          ? `Name a folder of images, or one image (${extensions.join(', ')}).`
          : `Check the spelling; the path is relative to ${process.cwd()}.`,
        'Try the built-in images: builtin:shapes',
      ],
    },
  );
}

/** `20 other files left out (.txt 16, .heic 4)`, the most frequent first. */
export function describeOthers(others: FileKinds): string {
  const kinds = [...others].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const count = kinds.reduce((sum, [, each]) => sum + each, 0);
  const shown = kinds.slice(0, 5).map(([extension, each]) => `${extension || 'without ending'} ${each}`);
  return `${count.toLocaleString('en')} other file${count === 1 ? '' : 's'} left out (${shown.join(', ')}${kinds.length > 5 ? ', ...' : ''})`;
}

function empty(dir: string, recurse: boolean, extensions: readonly string[], leftOut: FileKinds): GanError {
  const where = recurse ? 'and its subfolders hold' : 'holds';
  const others = leftOut.size > 0 ? `; ${describeOthers(leftOut)}` : '';
  const what = `${dir} ${where} no image file (looked for ${extensions.join(', ')})${others}`;
  return new GanError('data', 'GAN_DATA_EMPTY', what, {
    suggestions: [
      recurse ? 'Name a folder with images in it.' : 'Look into subfolders too (recurse).',
      'Try the built-in images: builtin:shapes',
    ],
  });
}

/** Sorts by the path below `dir`, written with `/`, by UTF-16 code units: no locale, no separator of the system. */
function sortBelow(dir: string, files: string[]): string[] {
  return files
    .map((path) => ({path, key: slashedBelow(dir, path)}))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({path}) => path);
}

/**
 * Image files as items [height, width, channels], decoded anew each time they are read. With the depth 16, items are
 * floats, by `normalization`, by default from -1 to 1.
 * @throws GanError GAN_DATA_GONE from `read` when the files are no longer there (`VanishedFiles`)
 */
export function imageSource(
  paths: readonly string[],
  options: DecodeOptions & {normalization?: Normalization},
): FiniteSource {
  const {channels = 3, depth, normalization = Normalization.symmetric(channels)} = options;
  const shape = [...options.size, channels];
  const vanished = new VanishedFiles(paths);
  const warn = warningOfItems(options.warn);
  return {
    shape,
    size: paths.length,
    async read(index) {
      const how = {...options, warn: warn(paths[index]!)};
      try {
        if (depth === 16) return normalization.applyDeep(await decodeDeep(paths[index]!, how), shape);
        return await decodeImage(paths[index]!, how);
      } catch (error) {
        await vanished.note(paths[index]!);
        throw error;
      }
    },
    describe: (index) => paths[index]!,
  };
}

/** 256 MiB: 21,845 RGB images of 64x64. */
const cacheBytes = 256 * 2 ** 20;

/**
 * The same source, which keeps the first items read in memory, up to `bytes` in all. A set that fits is decoded once;
 * of a larger set, a part is. Items that are kept stay: in random order every item comes once per epoch, and none is
 * more recent than another.
 */
export function cachedSource(source: FiniteSource, bytes = cacheBytes): FiniteSource {
  const kept = new Map<number, HostData>();
  let room = bytes;
  const read = async (index: number): Promise<HostData> => {
    const known = kept.get(index);
    if (known) return known;
    const item = await source.read(index);
    if (item.byteLength <= room && !kept.has(index)) {
      room -= item.byteLength;
      kept.set(index, item);
    }
    return item;
  };
  return {
    shape: source.shape,
    size: source.size,
    ...(source.identity !== undefined && {identity: source.identity}),
    read,
    describe: (index) => describeItem(source, index),
    ...(source.parts && {parts: source.parts}),
    ...(source.classes !== undefined && {classes: source.classes}),
    ...(source.label && {label: (index: number) => source.label!(index)}),
    ...(source.labelRow && {labelRow: (index: number) => source.labelRow!(index)}),
    ...(source.labelling && {labelling: source.labelling}),
  };
}
