/** CIFAR-10 and CIFAR-100 in their binary version (https://www.cs.toronto.edu/~kriz/cifar.html). */
import {openIfThere, placeBeside} from '../../io/beside.js';
import {openRandomAccess} from '../../io/random-access-file.js';
import {pixelRecords} from './arrays.js';
import {wrongFile} from './format-error.js';
import {labelsFrom} from './labels.js';
import type {Records} from './types.js';

/** 32x32 pixels in planes of red, green and blue. */
const [side, pixels] = [32, 32 * 32 * 3];

interface Variety {
  kind: string;
  /** How many classes each of the bytes before the pixels tells; the last one is the label. */
  labels: readonly number[];
  /** The file with the names of the classes, beside the others. */
  names: string;
}

const varieties: readonly Variety[] = [
  {kind: 'CIFAR-10 file', labels: [10], names: 'batches.meta.txt'},
  {kind: 'CIFAR-100 file', labels: [20, 100], names: 'fine_label_names.txt'},
];

const recordBytes = ({labels}: Variety): number => labels.length + pixels;

/** What a file of records is, by its size and the labels among its first bytes; undefined: something else. */
function varietyOf(head: Uint8Array, size: number): Variety | undefined {
  return varieties.find((variety) => {
    const length = recordBytes(variety);
    if (size === 0 || size % length !== 0) return false;
    for (let at = 0; at + variety.labels.length <= head.length; at += length)
      if (!variety.labels.every((classes, i) => head[at + i]! < classes)) return false;
    return true;
  });
}

/** Bytes that tell: labels of 40 pictures. */
export const cifarHeadBytes = 40 * (pixels + 2);

export const isCifar = (head: Uint8Array, size: number): boolean => varietyOf(head, size) !== undefined;

/** The pictures of one file. @throws GanError GAN_DATA_FORMAT for a label that its variety does not have */
export async function cifarRecords(path: string): Promise<Records> {
  const file = await openRandomAccess(path);
  const variety = varietyOf(await file.read(0, cifarHeadBytes), file.size);
  if (!variety) throw wrongFile(path, 'is no file of CIFAR');
  const length = recordBytes(variety);
  const before = variety.labels.length;
  const classes = variety.labels.at(-1)!;
  const size = file.size / length;
  const given: number[] = [];
  const chunk = Math.max(1, Math.floor((1 << 20) / length));
  for (let from = 0; from < size; from += chunk) {
    const bytes = await file.read(from * length, chunk * length);
    for (let at = before - 1; at < bytes.length; at += length) given.push(bytes[at]!);
  }
  const wrong = given.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw wrongFile(path, `is broken: picture ${wrong} has the label ${given[wrong]} of ${classes} classes`);
  return pixelRecords({
    kind: variety.kind,
    path,
    files: [path],
    size,
    height: side,
    width: side,
    channels: 3,
    isPlanar: true,
    labels: labelsFrom(given, path, await classNames(placeBeside(path, variety.names), classes)),
    bytes: (index) => file.read(index * length + before, pixels),
  });
}

/** Bytes that a list of names has, at most. */
const mostNameBytes = 64 << 10;

async function classNames(place: string, count: number): Promise<string[]> {
  const text = (await (await openIfThere(place))?.read(0, mostNameBytes))?.toString() ?? '';
  const names = text.split(/\r?\n/).filter((name) => name !== '');
  return names.length === count ? names : Array.from({length: count}, (_, i) => String(i));
}
