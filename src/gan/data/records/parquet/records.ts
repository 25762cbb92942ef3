/**
 * Pictures in Parquet files, as the hub of Hugging Face has them: a column `image` of `bytes` and `path`, and a column
 * of labels whose names are in the metadata (https://huggingface.co/docs/hub/datasets-image).
 */
import {dirname} from 'node:path';
import {isGanError} from '../../../../errors.js';
import {isRecord} from '../../../../options/json.js';
import {mostInMemory} from '../../../../system-limits.js';
import {Limiter} from '../../concurrency.js';
import {identifyArrays} from '../../identity.js';
import {noPictures, wrongFile} from '../format-error.js';
import {labelsFrom, mostClasses, setsOf, type Label} from '../labels.js';
import {labelNames} from '../list.js';
import type {Labels, Records} from '../types.js';
import {assertSmall, openParquet, readColumn, readLists} from './parquet-file.js';
import type {Column, ListValue, ParquetFile, RowGroup} from './parquet-file.js';
import {physical, type Value} from './values.js';

const pictureNames = ['image', 'img', 'picture', 'photo', 'image_bytes', 'bytes', 'jpg', 'jpeg', 'png', 'webp'];

/**
 * The pictures of a Parquet file. A row group is read and decompressed as a whole, and those that were used last stay
 * in memory.
 * @throws GanError GAN_DATA_FORMAT, GAN_DATA_EMPTY
 */
export async function parquetRecords(path: string): Promise<Records> {
  const parquet = await openParquet(path);
  if (parquet.rows === 0) throw noPictures(path, 'Parquet file');
  const features = featuresOf(parquet.metadata.get('huggingface'));
  const pictures = pictureColumn(parquet, features);
  if (!pictures)
    throw wrongFile(
      path,
      `has no column of pictures, only ${parquet.columns
        .map((each) => each.path.join('.'))
        .slice(0, 8)
        .join(', ')}`,
      [
        `Pictures are bytes of image files in a column that is called ${pictureNames.slice(0, 2).join(' or ')}, alone or as its field 'bytes'.`,
      ],
    );
  for (const group of parquet.groups) assertSmall(path, group, pictures);
  const labels = await labelsOf(parquet, features);
  const groups = new RowGroups(parquet, pictures);
  return {
    kind: 'Parquet file',
    path,
    files: [path],
    size: parquet.rows,
    ...(labels && {labels}),
    name: String,
    describe: (index) => `${path} row ${index}`,
    async read(index) {
      const value = await groups.value(index).catch((error: unknown) => {
        const isOfThese = isGanError(error) && error.code === 'GAN_DATA_FORMAT'; // other row groups may be whole
        throw isOfThese ? new Error(error.message) : error;
      });
      if (!(value instanceof Uint8Array))
        throw new Error('it has no bytes of a picture; a file that it may name beside them is not looked for');
      return value;
    },
    identify: () => identifyArrays(dirname(path), [path], parquet.rows),
  };
}

/** What the hub's library notes of columns: `{image: {_type: 'Image'}, label: {names: [...], _type: 'ClassLabel'}}`. */
function featuresOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(text ?? '');
    const info = isRecord(found) ? found['info'] : undefined;
    const features = isRecord(info) ? info['features'] : undefined;
    return isRecord(features) ? features : {};
  } catch {
    return {};
  }
}

const typeOf = (features: Readonly<Record<string, unknown>>, name: string): unknown => {
  const feature = features[name];
  return isRecord(feature) ? feature['_type'] : undefined;
};

function pictureColumn({columns}: ParquetFile, features: Readonly<Record<string, unknown>>): Column | undefined {
  const fit = columns.filter(
    ({path, type, isText, listDepth}) =>
      type === physical.bytes &&
      !isText &&
      listDepth === undefined &&
      (path.length === 1 || (path.length === 2 && path[1] === 'bytes')),
  );
  const rank = ({path: [name = '']}: Column): number =>
    typeOf(features, name) === 'Image' ? -1 : pictureNames.indexOf(name.toLowerCase()) + 1 || 100;
  return fit.sort((a, b) => rank(a) - rank(b)).find((column) => rank(column) < 100 || column.path.length === 2);
}

/** The names of the classes that the numbers of a column, or in its lists, stand for. */
function classNamesOf(features: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  const noted = features[name];
  const inside: unknown = Array.isArray(noted) ? noted[0] : isRecord(noted) ? noted['feature'] : undefined;
  const feature = isRecord(inside) ? inside : noted;
  if (!isRecord(feature) || feature['_type'] !== 'ClassLabel') return undefined;
  const {names} = feature;
  return Array.isArray(names) && names.every((each) => typeof each === 'string') ? names : undefined;
}

/**
 * The labels in a column of classes, or of lists of them; else in columns that say of each picture whether it has
 * something.
 */
async function labelsOf(
  parquet: ParquetFile,
  features: Readonly<Record<string, unknown>>,
): Promise<Labels | undefined> {
  const fit = parquet.columns.filter(
    ({path, type, isText, listDepth}) =>
      (path.length === 1 || listDepth !== undefined) && (type <= physical.int64 || (type === physical.bytes && isText)),
  );
  const rank = ({path: [name = '']}: Column): number => {
    const known = labelNames.indexOf(name.toLowerCase());
    return (classNamesOf(features, name) ? 0 : 100) + (known < 0 ? 50 : known);
  };
  const column = fit.sort((a, b) => rank(a) - rank(b)).find((each) => rank(each) < 150);
  if (!column) return markedColumns(parquet, fit);
  const names = classNamesOf(features, column.path[0]!);
  if (column.listDepth !== undefined) {
    const lists = labelsOfLists(parquet, column, names);
    return names ? lists : lists.catch(noneIfUnread); // without names, they may be words about a picture, or its ids
  }
  const given: Label[] = [];
  for (const group of parquet.groups)
    for (const value of await readColumn(parquet, group, column))
      given.push(value instanceof Uint8Array ? textOf(value) : value !== undefined && value < 0 ? undefined : value);
  return labelsFrom(given, parquet.file.path, names);
}

/** For columns that nothing says to be labels: one that is not read leaves its set without them. */
function noneIfUnread(error: unknown): undefined {
  if (!isGanError(error) || error.code !== 'GAN_DATA_FORMAT') throw error;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Labels from lists of words, of numbers of classes, or of as many 0 and 1 as there are classes. */
async function labelsOfLists(
  parquet: ParquetFile,
  column: Column,
  names: readonly string[] | undefined,
): Promise<Labels | undefined> {
  const {path} = parquet.file;
  const lists: ListValue[] = [];
  for (const group of parquet.groups) lists.push(...(await readLists(parquet, group, column)));
  const said = (list: ListValue): Value[] | undefined => list?.filter((value) => value !== undefined);
  if (column.type === physical.bytes)
    return labelsFrom(
      lists.map((list) => said(list)?.map((value) => textOf(value as Uint8Array))),
      path,
    );
  const numbers = lists.map((list) => said(list)?.filter((value) => Number(value) >= 0) as number[] | undefined);
  const known = numbers.filter((each) => each !== undefined);
  const width = known[0]?.length ?? 0;
  const areMarks = width > 1 && known.every((each) => each.length === width && each.every((value) => value <= 1));
  if (!names && areMarks)
    return labelsFrom(
      numbers.map((each) => each && {marks: each.map((value) => value === 1)}),
      path,
    );
  const most = known.reduce((sum, each) => each.reduce((a, b) => Math.max(a, b), sum), -1);
  if (names && most >= names.length)
    throw wrongFile(path, `has the label ${most} in ${column.path[0]}, which has ${names.length} names`);
  if (most < 0 || (!names && most >= mostClasses)) return undefined;
  return setsOf(names ?? Array.from({length: most + 1}, (_, i) => String(i)), numbers, path);
}

/** Columns of no other values than 1, 0 and -1, such as CelebA's. */
async function markedColumns(parquet: ParquetFile, columns: readonly Column[]): Promise<Labels | undefined> {
  const marked: {name: string; values: Value[]}[] = [];
  for (const column of columns) {
    if (column.listDepth !== undefined || column.type === physical.bytes) continue;
    const values = await marksIn(parquet, column).catch(noneIfUnread);
    if (values?.some((value) => value !== undefined)) marked.push({name: column.path[0]!, values});
  }
  if (marked.length === 0) return undefined;
  const sets = Array.from({length: parquet.rows}, (_, row) =>
    marked.every(({values}) => values[row] === undefined)
      ? undefined
      : [...marked.keys()].filter((i) => marked[i]!.values[row] === 1),
  );
  return setsOf(
    marked.map(({name}) => name),
    sets,
    parquet.file.path,
  );
}

/** The values of a column; undefined as soon as one is none of 1, 0 and -1, so that no more of it is read. */
async function marksIn(parquet: ParquetFile, column: Column): Promise<Value[] | undefined> {
  const values: Value[] = [];
  for (const group of parquet.groups)
    for (const value of await readColumn(parquet, group, column)) {
      if (Math.abs(Number(value ?? 0)) > 1) return undefined;
      values.push(value);
    }
  return values;
}

/** Bytes of row groups that stay in memory, and those of a group that is read alone. */
const [mostKept, large] = [256 << 20, 16 << 20];
const one = new Limiter(1);

/** The row groups of a file, of which the last used are kept. All files together keep `mostKept` bytes. */
class RowGroups {
  static readonly #kept = new Map<RowGroup, {values: Promise<Value[]>; bytes: number}>();
  static #bytes = 0;

  constructor(
    readonly parquet: ParquetFile,
    readonly column: Column,
  ) {}

  async value(row: number): Promise<Value> {
    const group = this.#groupOf(row);
    return (await this.#read(group))[row - group.first];
  }

  #groupOf(row: number): RowGroup {
    const {groups} = this.parquet;
    let [low, high] = [0, groups.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (groups[middle]!.first <= row) low = middle;
      else high = middle - 1;
    }
    return groups[low]!;
  }

  #read(group: RowGroup): Promise<Value[]> {
    const kept = RowGroups.#kept;
    const known = kept.get(group);
    if (known) {
      kept.delete(group);
      kept.set(group, known); // the last one
      return known.values;
    }
    const bytes = group.chunks.get(this.column)?.uncompressed ?? 0;
    const read = (): Promise<Value[]> => readColumn(this.parquet, group, this.column);
    const made = {values: bytes > large ? one.run(read) : read(), bytes};
    kept.set(group, made);
    RowGroups.#bytes += bytes;
    made.values.catch(() => this.#drop(group));
    const most = Math.min(mostKept, mostInMemory());
    for (const old of kept.keys()) {
      if (RowGroups.#bytes <= most || old === group) break;
      this.#drop(old);
    }
    return made.values;
  }

  #drop(group: RowGroup): void {
    const known = RowGroups.#kept.get(group);
    if (!known) return;
    RowGroups.#kept.delete(group);
    RowGroups.#bytes -= known.bytes;
  }
}
