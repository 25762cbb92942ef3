/**
 * LMDB databases of image files by their keys, as LSUN's are: read where they lie, without a lock and without a
 * library. The format is that of LMDB 0.9 on 64-bit little-endian machines (mdb.c: MDB_page, MDB_node, MDB_meta).
 */
import {identifyContents} from '../identity.js';
import {isImageBytes} from '../image-content.js';
import {openRandomAccess, type RandomAccess} from '../../io/random-access-file.js';
import {noPictures, wrongFile} from './format-error.js';
import {mostPictureBytes, type Records} from './types.js';

const magic = 0xbeefc0de;
/** Bytes before the content of a page: its number, padding, flags, where its free space begins and ends. */
const headerBytes = 16;
const isBranch = 1;
const isLeaf = 2;
const isMeta = 8;
/** Of a value: it is on pages of its own; it is a database of its own, or has several for one key. */
const [isLarge, isNested] = [1, 2 | 4];
const mostDepth = 32;
/** Bytes of a first page that are read. */
const headBytes = 152;

/** Whether a file begins as a database does: with a page that says how it is to be read. */
export const isLmdb = (bytes: Buffer): boolean =>
  bytes.length >= headBytes && bytes.readUInt16LE(10) === isMeta && bytes.readUInt32LE(16) === magic;

interface Meta {
  pageBytes: number;
  transaction: bigint;
  root: number;
  entries: number;
}

interface Entry {
  name: string;
  position: number;
  bytes: number;
}

/** @param advice for a database that is whole, but of another kind */
type Broken = (what: string, advice?: string[]) => Error;

const onePair = ['Copy it into a database with a key for each picture, in Python with the package lmdb.'];
const older = ['Write it again with LMDB 0.9: mdb_dump of the newer version, then mdb_load of the older one.'];

/** Keys that say something about the others, as writers of such sets have them. */
const isNote = (key: string): boolean => /^(__\w+__|num[-_]?samples|length|num|keys|meta\w*)$/i.test(key);

/**
 * The pictures of a database, in the order of its keys.
 * @throws GanError GAN_DATA_FORMAT, GAN_DATA_EMPTY
 */
export async function lmdbRecords(path: string): Promise<Records> {
  const file = await openRandomAccess(path);
  const broken: Broken = (what, advice) =>
    wrongFile(
      path,
      `is ${advice ? 'an LMDB database of a kind that is not read' : 'a broken LMDB database, or cut short'}: ${what}`,
      advice,
    );
  const meta = await metaOf(file, broken);
  const entries: Entry[] = [];
  let others = 0;
  for await (const entry of walk(file, meta, broken)) {
    if (isNote(entry.name)) others++;
    else entries.push(entry);
  }
  if (entries.length + others !== meta.entries)
    throw broken(`it says that it has ${meta.entries} entries, and has ${entries.length + others}`);
  if (entries.length === 0) throw noPictures(path, 'LMDB database', others);
  const {position, bytes} = entries[0]!;
  if (!isImageBytes(await file.read(position, Math.min(bytes, 64))))
    throw wrongFile(path, `is an LMDB database whose values are no image files: that of ${entries[0]!.name}`, [
      'Store the bytes of image files (JPEG, PNG, WebP), as LSUN does; arrays and pickled objects are not read.',
    ]);
  const read = async (index: number): Promise<Buffer> => {
    const entry = entries[index]!;
    if (entry.bytes > mostPictureBytes)
      throw new Error(`it has ${entry.bytes} bytes; pictures of at most ${mostPictureBytes} are read`);
    return file.read(entry.position, entry.bytes);
  };
  return {
    kind: 'LMDB database',
    path,
    files: [path],
    size: entries.length,
    ...(others > 0 && {others}),
    name: (index) => entries[index]!.name,
    describe: (index) => `${path}/${entries[index]!.name}`,
    read,
    identify: () =>
      identifyContents({names: entries.map(({name}) => name), sizes: entries.map(({bytes: each}) => each), read}),
  };
}

/** A key of printable characters as it is, another one in hexadecimal digits. */
const nameOf = (key: Buffer): string =>
  key.every((byte) => byte >= 0x20 && byte < 0x7f) ? key.toString('latin1') : key.toString('hex');

/** Of its two first pages, the one that was written later counts. */
async function metaOf(file: RandomAccess, broken: Broken): Promise<Meta> {
  const first = metaIn(await file.read(0, headBytes), broken);
  const second = metaIn(await file.read(first.pageBytes, headBytes), broken);
  return second.transaction > first.transaction ? second : first;
}

function metaIn(bytes: Buffer, broken: Broken): Meta {
  if (!isLmdb(bytes)) throw broken('one of its two first pages is missing or damaged');
  const version = bytes.readUInt32LE(20);
  if (version !== 1) throw broken(`its format has version ${version}; version 1 is read, which LMDB 0.9 writes`, older);
  const pageBytes = bytes.readUInt32LE(40); // the first field of the list of free pages
  if (pageBytes < 256 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0)
    throw broken(`its pages have ${pageBytes} bytes`);
  const main = 40 + 48; // MDB_db: pad, flags, depth, branch, leaf and overflow pages, entries, root
  if ((bytes.readUInt16LE(main + 4) & ~0x08) !== 0) throw broken('its keys have several values', onePair);
  return {
    pageBytes,
    root: pageNumber(bytes.readBigUInt64LE(main + 40)),
    entries: Number(bytes.readBigUInt64LE(main + 32)),
    transaction: bytes.readBigUInt64LE(main + 56),
  };
}

/** -1: none. */
const pageNumber = (value: bigint): number => (value === 0xffffffffffffffffn ? -1 : Number(value));

/** The entries from a root on, by key. Each page is met once at most, so a loop ends. */
async function* walk(file: RandomAccess, {pageBytes, root}: Meta, broken: Broken): AsyncGenerator<Entry> {
  if (root < 0) return;
  const seen = new Set<number>();
  const pending: {page: number; depth: number}[] = [{page: root, depth: 0}];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const {page, depth} = next;
    const start = page * pageBytes;
    if (start + pageBytes > file.size) throw broken(`page ${page} is not in it`);
    if (seen.has(page) || depth > mostDepth) throw broken(`page ${page} comes twice`);
    seen.add(page);
    const bytes = await file.read(start, pageBytes);
    const flags = bytes.readUInt16LE(10);
    const count = (bytes.readUInt16LE(12) - headerBytes) / 2;
    if (
      !Number.isInteger(count) ||
      count < 0 ||
      headerBytes + 2 * count > pageBytes ||
      pageNumber(bytes.readBigUInt64LE(0)) !== page
    )
      throw broken(`page ${page} is damaged`);
    const nodes = Array.from({length: count}, (_, i) => bytes.readUInt16LE(headerBytes + 2 * i));
    if (nodes.some((at) => at < headerBytes || at + 8 > pageBytes)) throw broken(`page ${page} is damaged`);
    let room = pageBytes; // nodes lie beside each other: many in one place would be more than there is
    if ((flags & isBranch) !== 0) {
      // the number of a page has 48 bits
      for (const at of nodes.reverse()) pending.push({page: bytes.readUIntLE(at, 6), depth: depth + 1});
    } else if ((flags & isLeaf) !== 0) {
      for (const at of nodes) yield entryAt(bytes, at);
    } else throw broken(`page ${page} is of no kind`);

    function entryAt(of: Buffer, at: number): Entry {
      const [size, kind, keyBytes] = [of.readUInt32LE(at), of.readUInt16LE(at + 4), of.readUInt16LE(at + 6)];
      const value = at + 8 + keyBytes;
      const end = value + ((kind & isLarge) !== 0 ? 8 : size);
      if (end > pageBytes || (room -= end - at) < 0) throw broken(`page ${page} is damaged`);
      if ((kind & isNested) !== 0) throw broken('it has databases in it, or keys with several values', onePair);
      const position =
        (kind & isLarge) !== 0 ? Number(of.readBigUInt64LE(value)) * pageBytes + headerBytes : start + value;
      if (position + size > file.size) throw broken(`a value of ${size} bytes is not in it`);
      return {name: nameOf(of.subarray(at + 8, value)), position, bytes: size};
    }
  }
}
