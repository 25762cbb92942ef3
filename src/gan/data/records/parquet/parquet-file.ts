/** Parquet files (https://parquet.apache.org/docs/file-format): their footer, and columns of row groups. */
import {brotliDecompressSync, crc32, gunzipSync} from 'node:zlib';
import {isGanError, messageOf} from '../../../../errors.js';
import {mostInMemory} from '../../../../system-limits.js';
import {openRandomAccess, type RandomAccess} from '../../../io/random-access-file.js';
import {wrongFile} from '../format-error.js';
import {ThriftReader, type Struct, type Thrift} from './thrift.js';
import {hybrid, physical, plain, type Value} from './values.js';

/** A column without further columns in it. */
export interface Column {
  /** Names from the outermost to its own. */
  path: readonly string[];
  /** Of `physical`. */
  type: number;
  isText: boolean;
  /** How many of the names may be null, or be a list: the definition level of a value. */
  depth: number;
  /** Of a column that has lists: the definition level from which on there is something in a list. */
  listDepth?: number;
}

/** Where the values of a column are, for the rows of one group. */
interface Chunk {
  offset: number;
  bytes: number;
  /** Values in it, with null and empty lists: as many as there are rows, or more where it has lists. */
  values: number;
  uncompressed: number;
  codec: number;
}

export interface RowGroup {
  /** The number of its first row. */
  first: number;
  rows: number;
  chunks: ReadonlyMap<Column, Chunk>;
}

export interface ParquetFile {
  file: RandomAccess;
  rows: number;
  columns: readonly Column[];
  groups: readonly RowGroup[];
  metadata: ReadonlyMap<string, string>;
}

const magic = 'PAR1';
export const isParquet = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 4) === magic;

/** Bytes of a footer: thousands of row groups have some megabytes. */
const mostFooterBytes = 16 << 20;
/** Rows of a file, of which each takes some bytes here. */
const mostRows = 2 ** 26;
/** Values of lists in a row group. */
const mostListed = 2 ** 22;

/** @throws GanError GAN_DATA_FORMAT */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await openRandomAccess(path);
  return inFile(path, async () => {
    const end = await file.read(Math.max(0, file.size - 8), 8);
    if (end.length < 8 || end.toString('latin1', 4) !== magic) throw new RangeError('it has no footer');
    const length = end.readUInt32LE(0);
    if (length > mostFooterBytes || length > file.size - 12)
      throw new RangeError(`it says that its footer has ${length} bytes`);
    const footer = new ThriftReader(await file.read(file.size - 8 - length, length)).struct();
    const columns = columnsOf(structs(footer.get(2)));
    const byPath = new Map(columns.map((column) => [pathText(column.path), column]));
    let rows = 0;
    const groups = structs(footer.get(4)).map((group): RowGroup => {
      const count = whole(group.get(3), 'a row group has', mostRows);
      const made = {first: rows, rows: count, chunks: chunksOf(group, byPath, file.size)};
      if ((rows += count) > mostRows) throw new RangeError(`it has more than ${mostRows} rows`);
      return made;
    });
    if (rows !== footer.get(3))
      throw new RangeError(`it says that it has ${said(footer.get(3))} rows, and has ${rows}`);
    const metadata = structs(footer.get(5)).map((pair): [string, string] => [text(pair.get(1)), text(pair.get(2))]);
    return {file, rows, columns, groups: groups.filter((group) => group.rows > 0), metadata: new Map(metadata)};
  });
}

const structs = (value: Thrift | undefined): Struct[] => {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((each) => each instanceof Map)) throw new Error('its footer is no footer');
  return value;
};
/** A number of the file in a message. */
const said = (value: Thrift | undefined): string => (typeof value === 'object' ? 'something else' : String(value));
const text = (value: Thrift | undefined): string => (value instanceof Uint8Array ? Buffer.from(value).toString() : '');

function whole(value: Thrift | undefined, what: string, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`${what} ${said(value)}`);
}

/** The columns of a schema, which is a tree in one list: each element says how many after it are its children. */
function columnsOf(schema: readonly Struct[]): Column[] {
  const columns: Column[] = [];
  let at = 0;
  const visit = (path: readonly string[], depth: number, lists: readonly number[]): void => {
    const element = schema[at++];
    if (!element || path.length > 64) throw new Error('its schema is cut short');
    const names = at === 1 ? [] : [...path, text(element.get(4))];
    const repetition = at === 1 ? 0 : element.get(3); // 0: one, 1: may be null, 2: a list
    const children = whole(element.get(5) ?? 0, 'an element of the schema has', schema.length);
    const deeper = depth + (repetition === 1 || repetition === 2 ? 1 : 0);
    const inLists = repetition === 2 ? [...lists, deeper] : lists;
    if (children === 0 && inLists.length < 2 && typeof element.get(1) === 'number')
      columns.push({
        path: names,
        type: element.get(1) as number,
        isText: element.get(6) === 0,
        depth: deeper,
        ...(inLists[0] !== undefined && {listDepth: inLists[0]}),
      });
    for (let i = 0; i < children; i++) visit(names, deeper, inLists);
  };
  visit([], 0, []);
  return columns;
}

const pathText = (path: readonly string[]): string => path.join('\0');

function chunksOf(group: Struct, columns: ReadonlyMap<string, Column>, size: number): Map<Column, Chunk> {
  const chunks = new Map<Column, Chunk>();
  for (const each of structs(group.get(1))) {
    const facts = each.get(3);
    if (!(facts instanceof Map)) continue;
    const column = columns.get(pathText((facts.get(3) as Thrift[]).map(text)));
    if (!column) continue;
    const [first, dictionary] = [facts.get(9), facts.get(11)];
    const begin =
      typeof dictionary === 'number' && dictionary > 0 && dictionary < (first as number) ? dictionary : first;
    const offset = whole(begin, 'a column begins at', size);
    chunks.set(column, {
      offset,
      values: whole(facts.get(5), 'a column says that its values are', mostRows),
      bytes: whole(facts.get(7), 'a column says that its bytes are', size - offset),
      uncompressed: whole(facts.get(6), 'a column says that its bytes are, uncompressed,', Number.MAX_SAFE_INTEGER),
      codec: whole(facts.get(4), 'a column is compressed by', 100),
    });
  }
  return chunks;
}

const advice = ['In Python: pyarrow.parquet.write_table(table, file, row_group_size=100)   writes smaller groups'];

/** @throws GanError GAN_DATA_FORMAT for a column with a row group of more bytes than one thing may have in memory */
export function assertSmall(path: string, {first, chunks}: RowGroup, column: Column): void {
  const bytes = Math.max(chunks.get(column)?.bytes ?? 0, chunks.get(column)?.uncompressed ?? 0);
  const most = mostInMemory();
  if (bytes > most)
    throw wrongFile(
      path,
      `has a row group that is too large to be read: ${column.path.join('.')} from row ${first} on has ${bytes} bytes, and at most ${most} are`,
      advice,
    );
}

/**
 * The values of a column without lists in one row group, one for each row.
 * @throws GanError GAN_DATA_FORMAT
 */
export async function readColumn(parquet: ParquetFile, group: RowGroup, column: Column): Promise<Value[]> {
  return inColumn(parquet, group, column, (chunk) => {
    const values: Value[] = [];
    for (const page of pagesIn({...chunk, count: group.rows})) append(values, page.values);
    return values;
  });
}

/** A list in a column; undefined: null. */
export type ListValue = readonly Value[] | undefined;

/**
 * The lists of a column in one row group, one for each row.
 * @throws GanError GAN_DATA_FORMAT
 */
export async function readLists(parquet: ParquetFile, group: RowGroup, column: Column): Promise<ListValue[]> {
  const listDepth = column.listDepth!;
  return inColumn(parquet, group, column, (chunk) => {
    const lists: (Value[] | undefined)[] = [];
    const count = whole(chunk.values, 'a column of lists says that its values are', mostListed);
    for (const {values, definition, repetition} of pagesIn({...chunk, count}))
      values.forEach((value, i) => {
        const level = definition![i]!;
        if (repetition![i] === 0) lists.push(level < listDepth - 1 ? undefined : []);
        if (level < listDepth) return;
        const list = lists.at(-1);
        if (!list) throw new Error('it has a list that does not begin');
        list.push(value);
      });
    if (lists.length !== group.rows) throw new RangeError(`it has ${lists.length} lists for ${group.rows} rows`);
    return lists;
  });
}

async function inColumn<T>(
  {file}: ParquetFile,
  group: RowGroup,
  column: Column,
  use: (chunk: Omit<Pages, 'count'> & {values: number}) => T,
): Promise<T> {
  const where = `${column.path.join('.')} of rows ${group.first} to ${group.first + group.rows - 1}`;
  return inFile(file.path, async () => {
    const chunk = group.chunks.get(column);
    if (!chunk) throw new Error(`there is no ${where}`);
    assertSmall(file.path, group, column);
    const bytes = await file.read(chunk.offset, chunk.bytes);
    const decompress = await decompressor(chunk.codec);
    return use({bytes, column, room: chunk.uncompressed, values: chunk.values, decompress});
  });
}

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

interface Pages {
  bytes: Buffer;
  column: Column;
  /** Values in all pages. */
  count: number;
  /** Bytes that all pages may have together, decompressed. */
  room: number;
  decompress: Decompress;
}

/** Values of a page, with undefined for null and for empty lists; levels where the column has such. */
interface PageValues {
  values: Value[];
  definition?: Uint32Array;
  repetition?: Uint32Array;
}

function* pagesIn({bytes, column, count: all, room, decompress}: Pages): Generator<PageValues> {
  let dictionary: Value[] = [];
  let left = room;
  for (let at = 0, done = 0; done < all;) {
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const packed = whole(header.get(3), 'a page says that its bytes are', bytes.length - reader.at);
    const size = whole(header.get(2), 'a page says that its bytes are, uncompressed,', left);
    left -= size;
    const content = bytes.subarray(reader.at, reader.at + packed);
    at = reader.at + packed;
    const sum = header.get(4);
    if (typeof sum === 'number' && crc32(content) !== sum >>> 0) throw new Error('the checksum of a page is wrong');
    const [type, one, two] = [header.get(1), header.get(5), header.get(8)];
    if (type === 2) {
      const count = whole((header.get(7) as Struct).get(1), 'a dictionary has', size);
      dictionary = plain(decompress(content, size), column.type, count);
    } else if (type === 0 && one instanceof Map) {
      const count = whole(one.get(1), 'a page has', all - done);
      done += count;
      yield pageOf(decompress(content, size), {count, encoding: one.get(2), column, dictionary});
    } else if (type === 3 && two instanceof Map) {
      const count = whole(two.get(1), 'a page has', all - done);
      done += count;
      const [levels, repeats] = [two.get(5), two.get(6)].map((each) => whole(each ?? 0, 'levels have', packed)) as [
        number,
        number,
      ];
      const begin = levels + repeats;
      const body = content.subarray(begin);
      const isPacked = two.get(7) !== false && size > begin;
      yield pageOf(isPacked ? decompress(body, size - begin) : body, {
        count,
        encoding: two.get(4),
        column,
        dictionary,
        levels: {definition: content.subarray(repeats, begin), repetition: content.subarray(0, repeats)},
      });
    } else if (type !== 1) throw new Error(`it has a page of kind ${said(type)}`);
  }
}

/** Without the arguments of a call for each. */
function append(values: Value[], more: readonly Value[]): void {
  for (const each of more) values.push(each);
}

interface Page {
  count: number;
  encoding: Thrift | undefined;
  column: Column;
  dictionary: readonly Value[];
  /** Where they are apart from the values, as in version 2. */
  levels?: {definition: Uint8Array; repetition: Uint8Array};
}

function pageOf(page: Uint8Array, {count, encoding, column, dictionary, levels: apart}: Page): PageValues {
  const {type, depth, listDepth} = column;
  let content = page;
  /** Levels of version 1 stand before the values, each kind behind its length. */
  const levelBytes = (kind: 'definition' | 'repetition'): Uint8Array => {
    if (apart) return apart[kind];
    if (content.length < 4) throw new RangeError('a page of it ends too early');
    const length = Buffer.from(content.buffer, content.byteOffset, 4).readUInt32LE(0);
    const found = content.subarray(4, 4 + length);
    content = content.subarray(4 + length);
    return found;
  };
  const repetition = listDepth === undefined ? undefined : hybrid(levelBytes('repetition'), 1, count);
  const definition = depth > 0 ? hybrid(levelBytes('definition'), 32 - Math.clz32(depth), count) : undefined;
  const present = definition ? definition.reduce((sum, level) => sum + (level === depth ? 1 : 0), 0) : count;
  const given = encoded(content, {type, encoding, count: present, dictionary});
  let next = 0;
  const values =
    !definition || present === count
      ? given
      : Array.from(definition, (level) => (level === depth ? given[next++] : undefined));
  return {values, ...(definition && {definition}), ...(repetition && {repetition})};
}

function encoded(
  content: Uint8Array,
  {
    type,
    encoding,
    count,
    dictionary,
  }: {type: number; encoding: Thrift | undefined; count: number; dictionary: readonly Value[]},
): Value[] {
  if (count === 0) return [];
  if (encoding === 0) return plain(content, type, count);
  if (encoding === 3 && type === physical.boolean) return Array.from(hybrid(content.subarray(4), 1, count));
  if (encoding !== 2 && encoding !== 8)
    throw new Error(`its values have the encoding ${said(encoding)}; plain ones and those with a dictionary are read`);
  return Array.from(hybrid(content.subarray(1), content[0] ?? 0, count), (index) => {
    if (index >= dictionary.length) throw new RangeError(`it has ${dictionary.length} words, and names word ${index}`);
    return dictionary[index];
  });
}

/** By Parquet's number of the codec. */
async function decompressor(codec: number): Promise<Decompress> {
  if (codec === 0) return (bytes, size) => sized(bytes, size);
  if (codec === 2) return (bytes, size) => sized(gunzipSync(bytes, {maxOutputLength: Math.max(size, 1)}), size);
  if (codec === 4)
    return (bytes, size) => sized(brotliDecompressSync(bytes, {maxOutputLength: Math.max(size, 1)}), size);
  const {decompressSnappy, decompressLz4, decompressLz4Raw, decompressZstd} = await import('hyparquet-compressors');
  const zstd: Decompress = (bytes, size) => decompressZstd(bytes, new Uint8Array(size));
  const use = {1: decompressSnappy, 5: decompressLz4, 6: zstd, 7: decompressLz4Raw}[codec];
  if (!use) throw new Error(`it is compressed by method ${codec}`);
  return (bytes, size) => sized(use(bytes, size), size);
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new RangeError(`a page has ${bytes.length} bytes, and says ${size}`);
  return bytes;
}

async function inFile<T>(path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (isGanError(error)) throw error;
    throw wrongFile(
      path,
      `is a Parquet file that is broken, cut short, or of a kind that is not read: ${messageOf(error)}`,
      undefined,
      error,
    );
  }
}
