/** What a path holds, told by its content. */
import {createHash} from 'node:crypto';
import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {isGanError} from '../../../errors.js';
import {quoted, systemError} from '../../../system-error.js';
import type {DataIdentity} from '../identity.js';
import {beginning, idxRankOf, isGzip} from '../idx.js';
import {Limiter} from '../concurrency.js';
import {findIdx} from '../idx-set.js';
import type {Decoding} from '../decode-options.js';
import {describeOthers, isImageFile, isImageName} from '../image-files.js';
import {completeAddress, isAddress, lastName, publicAddress, shardAddresses} from '../../../address.js';
import {isPage} from '../../io/page.js';
import {openRandomAccess} from '../../io/random-access-file.js';
import {openRegularFile} from '../../io/regular-file.js';
import {cifarHeadBytes, cifarRecords, isCifar} from './cifar.js';
import {folderRecords} from './folder.js';
import {wrongFile} from './format-error.js';
import {idxRecords} from './idx.js';
import {isLmdb, lmdbRecords} from './lmdb.js';
import {isListName, listRecords} from './list.js';
import {isMixture, mixtureRecords} from './mixture.js';
import {isNpy, npyRecords} from './npy.js';
import {isPacked, packedRecords} from './packed.js';
import {isParquet} from './parquet/parquet-file.js';
import {parquetRecords} from './parquet/records.js';
import {shardRecords} from './shards.js';
import {isTarBlock, tarRecords} from './tar.js';
import type {Labels, Records} from './types.js';
import {zipRecords} from './zip.js';

/** What a file begins with, and its size in bytes. */
interface Head {
  bytes: Buffer;
  size: number;
}

/** A kind of file that holds many pictures. */
interface Format {
  matches(head: Head, path: string): boolean | Promise<boolean>;
  open(path: string): Promise<Records>;
}

const begins = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(text, 'latin1').compare(bytes.subarray(0, text.length)) === 0;

/** The first that matches is taken. */
const formats: readonly Format[] = [
  {matches: ({bytes}) => begins(bytes, 'PK\x03\x04') || begins(bytes, 'PK\x05\x06'), open: zipRecords},
  {matches: ({bytes}) => isPacked(bytes), open: packedRecords},
  {matches: ({bytes}) => isNpy(bytes), open: npyRecords},
  {matches: ({bytes}) => isParquet(bytes), open: parquetRecords},
  {matches: ({bytes}) => isLmdb(bytes), open: lmdbRecords},
  {
    matches: async ({bytes}) => (await idxRankOf(bytes)) === 3,
    open: async (path) => idxRecords((await findIdx(path))!),
  },
  {matches: ({bytes}) => isTarBlock(bytes), open: tarRecords},
  {
    matches: ({bytes}) => isMixture(bytes),
    open: async (path) => mixtureRecords(path, openRecords),
  },
  {matches: ({bytes}, path) => isListName(lastName(path)) && !isPage(bytes), open: listRecords},
  {matches: ({bytes, size}) => isCifar(bytes, size), open: cifarRecords},
];

/** Files that hold others, but not so that pictures can be read in any order. */
const unreadable: readonly [begin: string, what: string, advice: string][] = [
  ['7z\xbc\xaf\x27\x1c', 'is a 7z archive', '7z x FILE   and give the folder'],
  ['Rar!\x1a\x07', 'is a RAR archive', 'unrar x FILE   and give the folder'],
  ['\xfd7zXZ\0', 'is compressed by xz', 'xz -dk FILE   and give what it makes'],
  ['BZh', 'is compressed by bzip2', 'bzip2 -dk FILE   and give what it makes'],
  ['\x28\xb5\x2f\xfd', 'is compressed by zstd', 'zstd -dk FILE   and give what it makes'],
  ['\x89HDF', 'is an HDF5 file, which is not read', 'Save its array in Python: numpy.save("pictures.npy", array)'],
];

/**
 * The pictures that a path names: of a folder, an image file, an archive, an array, a list, or of a folder of such
 * files.
 * @param decoding 1: files are images by their names only. Default 2: by their content, too
 * @throws GanError GAN_DATA_NOT_FOUND, GAN_DATA_EMPTY, GAN_DATA_UNREADABLE, GAN_DATA_FORMAT
 */
export async function openRecords(path: string, {decoding = 2}: {decoding?: Decoding} = {}): Promise<Records> {
  const place = isAddress(path) ? completeAddress(path) : path;
  const known = last?.records.deref();
  if (
    known?.path === path &&
    last!.place === place &&
    last!.decoding === decoding &&
    last!.state !== undefined &&
    (await stateOf(known)) === last!.state
  )
    return known;
  if (isAddress(path)) return kept(await openAddress(path), place, decoding);
  const found = await stat(path).catch(() => undefined);
  const isImage = async (): Promise<boolean> => (decoding === 1 ? isImageName(path) : isImageFile(path));
  const opened =
    !found || (found.isFile() && (await isImage()))
      ? await folderRecords(path, decoding)
      : await (found.isFile() ? openFile(path) : openFolder(path, decoding));
  return kept(opened, place, decoding);
}

/** The set, with its labels in its identity, and remembered for the next time. */
async function kept(opened: Records, place: string, decoding: Decoding): Promise<Records> {
  const records = {...opened, identify: async () => withLabels(await opened.identify(), opened.labels)};
  if (records.files.length <= mostFilesToCheck)
    last = {records: new WeakRef(records), place, decoding, state: await stateOf(records)};
  return records;
}

/** The set that was opened last: a training first counts its pictures, then reads them. */
let last:
  | {
      records: WeakRef<Records>;
      /** With all that is hidden of an address: two may look alike. */
      place: string;
      decoding: Decoding;
      state: string | undefined;
    }
  | undefined;
/** More files are not looked at to see whether a set is still the same. */
const mostFilesToCheck = 1000;

/** Shards of which the beginning is read at the same time. */
const shardsAtOnce = 8;

/** Sets on servers: an archive, an array, or its shards. */
async function openAddress(given: string): Promise<Records> {
  const address = publicAddress(given);
  const limiter = new Limiter(shardsAtOnce);
  const shards = shardAddresses(address).map((each) => limiter.run(() => openFile(each)));
  return shardRecords(address, await Promise.all(shards));
}

/** Sizes and times of the files of a set; undefined where it may have got others since: images in folders. */
async function stateOf({kind, path, files}: Records): Promise<string | undefined> {
  if (kind.includes('folder')) return undefined;
  if (isAddress(path)) return ''; // each read tells whether it is another file
  const stats = await Promise.all([path, ...files].map((file) => stat(file).catch(() => undefined)));
  return stats.map((found) => `${found?.size} ${found?.mtimeMs}`).join('\n');
}

/** `zip archive, 1,200 pictures, 10 labels` */
export function describeRecords({kind, size, labels, others = 0, otherKinds}: Records): string {
  const counted = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  return [
    kind,
    counted(size, 'picture'),
    ...(labels ? [counted(labels.classes.length, 'label')] : []),
    ...(others > 0 ? [`${counted(others, 'other file')} left out`] : []),
    ...(otherKinds ? [describeOthers(otherKinds)] : []),
  ].join(', ');
}

async function openFile(path: string): Promise<Records> {
  const head = await headOf(path);
  const format = await formatOf(head, path);
  if (format) return format.open(path);
  if (isPage(head.bytes))
    throw wrongFile(path, 'is a page for a browser, not data', [
      'Give the address of the file itself. At the hub of Hugging Face: https://huggingface.co/datasets/OWNER/NAME/resolve/main/FILE',
    ]);
  /** What the file has to be for a command, and how it comes here first. */
  const [file, download] = isAddress(path)
    ? [quoted(fileNameOf(path)), [`Download it: curl -L -o ${quoted(fileNameOf(path))} ${quoted(path)}`]]
    : [quoted(path), []];
  if (isGzip(head.bytes)) {
    const inside = await beginning(head.bytes.subarray(0, 4096)).catch(() => Buffer.alloc(0));
    throw isTarBlock(inside)
      ? wrongFile(path, 'is a compressed tar archive, whose pictures cannot be read in any order', [
          ...download,
          `gunzip -k ${file}   makes a tar archive of it, which can be given as it is`,
        ])
      : wrongFile(path, 'is compressed by gzip, and neither an IDX file nor a tar archive', [
          ...download,
          `gunzip -k ${file}`,
        ]);
  }
  const known = unreadable.find(([begin]) => begins(head.bytes, begin));
  if (known) throw wrongFile(path, known[1], [...download, known[2].replace('FILE', file)]);
  if (isAddress(path))
    throw wrongFile(path, `is no set that is read from a server: it begins with ${shown(head.bytes)}`, [
      'Give the address of a zip or tar archive, of a Parquet or packed file, of arrays of numpy, IDX or CIFAR files, or of a list (csv, json); several as train-{000..012}.tar.',
      'Or download it, and give its path.',
    ]);
  if ((await idxRankOf(head.bytes)) !== undefined) await findIdx(path); // says what is wrong with it
  throw wrongFile(path, `is neither an image nor a set of them: it begins with ${shown(head.bytes)}`, [
    'Give a folder of images, a zip or tar archive of it, IDX files as those of MNIST, arrays of numpy (npy, npz), or a list (csv, json).',
    'Try the built-in images: builtin:shapes',
  ]);
}

/** What the file of an address is called on a disk. */
const fileNameOf = (address: string): string => lastName(address) || 'data';

/** Images in a folder are what is meant; sets in files count where there are none, as MNIST's and CIFAR's do. */
async function openFolder(path: string, decoding: Decoding): Promise<Records> {
  const idx = await findIdx(path);
  if (idx) return idxRecords(idx);
  try {
    return await folderRecords(path, decoding);
  } catch (error) {
    if (!isGanError(error) || error.code !== 'GAN_DATA_EMPTY') throw error;
    const shards = await shardsBelow(path, mostShardDepth);
    if (shards.length > 0) return shardRecords(path, shards);
    throw error;
  }
}

/** Names of files that are not for training. */
const held = /^(test|t10k|val|valid|validation)([^a-z]|$)/i;

/**
 * Folders in which a set has its files, as repositories of the hub of Hugging Face do, the first that is there: `data`,
 * or those of a split in those of a configuration.
 */
const shardFolders: readonly string[] = ['data', 'train', 'default'];
const mostShardDepth = 3;

/** The files of a set in a folder; else in one of the folders in it. */
async function shardsBelow(folder: string, depth: number): Promise<Records[]> {
  const own = await shardsIn(folder);
  if (own.length > 0 || depth === 0) return own;
  const entries = await readdir(folder, {withFileTypes: true}).catch(() => []);
  const names = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({name}) => name);
  for (const name of shardFolders.filter((each) => names.includes(each))) {
    const shards = await shardsBelow(join(folder, name), depth - 1);
    if (shards.length > 0) return shards; // what the others hold is not looked at
  }
  const training = names.filter((name) => !held.test(name));
  const others = (training.length > 0 ? training : names).filter((name) => !shardFolders.includes(name)).sort();
  const found = new Map<string, Records[]>();
  for (const name of others) {
    const shards = await shardsBelow(join(folder, name), depth - 1);
    if (shards.length > 0) found.set(name, shards);
  }
  const [first] = found.keys();
  if (first !== undefined && found.size > 1)
    throw wrongFile(folder, `holds several sets: ${[...found.keys()].slice(0, 5).join(', ')}`, [
      `Name one: ${quoted(join(folder, first))}`,
    ]);
  return found.get(first ?? '') ?? [];
}

async function shardsIn(folder: string): Promise<Records[]> {
  const found: {name: string; format: Format}[] = [];
  for (const entry of await readdir(folder, {withFileTypes: true}).catch(() => [])) {
    if (entry.name.startsWith('.') || entry.isDirectory() || isListName(entry.name)) continue;
    const path = join(folder, entry.name);
    const format = await headOf(path).then(
      (head) => formatOf(head, path),
      () => undefined,
    );
    if (format && !/[-_.]?labels\.npy$/i.test(entry.name)) found.push({name: entry.name, format});
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const training = found.some(({name}) => !held.test(name)) ? found.filter(({name}) => !held.test(name)) : found;
  const kinds = new Set(training.map(({format}) => format));
  if (kinds.size > 1)
    throw wrongFile(
      folder,
      `holds sets of different kinds: ${training
        .map(({name}) => name)
        .slice(0, 5)
        .join(', ')}`,
      [`Name one: ${quoted(join(folder, training[0]!.name))}`],
    );
  const shards: Records[] = [];
  for (const {name, format} of training) shards.push(await format.open(join(folder, name)));
  return shards;
}

async function headOf(path: string): Promise<Head> {
  if (isAddress(path)) {
    const file = await openRandomAccess(path);
    return {bytes: await file.read(0, cifarHeadBytes), size: file.size};
  }
  try {
    const file = await openRegularFile(path);
    try {
      const {size} = await file.stat();
      const {buffer, bytesRead} = await file.read(Buffer.alloc(cifarHeadBytes), 0, cifarHeadBytes, 0);
      return {bytes: buffer.subarray(0, bytesRead), size};
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemError(error) ?? error;
  }
}

async function formatOf(head: Head, path: string): Promise<Format | undefined> {
  for (const format of formats) if (await format.matches(head, path)) return format;
  return undefined;
}

const shown = (bytes: Buffer): string =>
  bytes.length === 0
    ? 'nothing'
    : [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

function withLabels(identity: DataIdentity, labels: Labels | undefined): DataIdentity {
  if (!labels) return identity;
  const hash = createHash('sha256').update(JSON.stringify(labels.classes));
  hash.update(new Uint8Array(labels.of.buffer, labels.of.byteOffset, labels.of.byteLength));
  if (labels.several) hash.update(labels.several);
  return {...identity, labels: hash.digest('hex')};
}
