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
import {labelsFrom, type Label} from '../labels.js';
import {labelNames} from '../list.js';
import type {Labels, Records} from '../types.js';
import {assertSmall, openParquet, readColumn, type Column, type ParquetFile, type RowGroup} from './parquet-file.js';
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
      if (!(value instanceof Uint8Array)) throw new Error('it has no picture');
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
    ({path, type, isText}) =>
      type === physical.bytes && !isText && (path.length === 1 || (path.length === 2 && path[1] === 'bytes')),
  );
  const rank = ({path: [name = '']}: Column): number =>
    typeOf(features, name) === 'Image' ? -1 : pictureNames.indexOf(name.toLowerCase()) + 1 || 100;
  return fit.sort((a, b) => rank(a) - rank(b)).find((column) => rank(column) < 100 || column.path.length === 2);
}

async function labelsOf(
  parquet: ParquetFile,
  features: Readonly<Record<string, unknown>>,
): Promise<Labels | undefined> {
  const fit = parquet.columns.filter(
    ({path, type, isText}) => path.length === 1 && (type <= physical.int64 || (type === physical.bytes && isText)),
  );
  const rank = ({path: [name = '']}: Column): number => {
    const known = labelNames.indexOf(name.toLowerCase());
    return (typeOf(features, name) === 'ClassLabel' ? 0 : 100) + (known < 0 ? 50 : known);
  };
  const column = fit.sort((a, b) => rank(a) - rank(b)).find((each) => rank(each) < 150);
  if (!column) return undefined;
  const given: Label[] = [];
  for (const group of parquet.groups)
    for (const value of await readColumn(parquet, group, column))
      given.push(
        value instanceof Uint8Array
          ? Buffer.from(value).toString()
          : value !== undefined && value < 0
            ? undefined
            : value,
      );
  const feature = features[column.path[0]!];
  const names: unknown = isRecord(feature) ? feature['names'] : undefined;
  const isNames = Array.isArray(names) && names.every((each) => typeof each === 'string');
  return labelsFrom(given, parquet.file.path, isNames ? names : undefined);
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
