/** Arrays of numpy, in files of their own or in an npz (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import {isAddress, lastName} from '../../../address.js';
import {openIfThere, placeBeside} from '../../io/beside.js';
import {openRandomAccess, type RandomAccess} from '../../io/random-access-file.js';
import {pictureShape, pixelRecords} from './arrays.js';
import {wrongFile} from './format-error.js';
import type {PixelData} from '../pixels.js';
import {labelsFrom} from './labels.js';
import {shorts} from './shorts.js';
import type {Labels, Records} from './types.js';

/** What stands before the values of an array. */
export interface NpyHeader {
  /** Numpy's word for the type: `|u1`. */
  type: string;
  shape: number[];
  isFortran: boolean;
  /** Bytes of the header. */
  length: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** Bytes that a header may have: numpy itself writes 128. */
export const mostHeaderBytes = 64 << 10;

export const isNpy = (bytes: Uint8Array): boolean => magic.compare(bytes.subarray(0, magic.length)) === 0;

/**
 * Reads the header of an array.
 * @param bytes the first ones, up to `mostHeaderBytes`
 * @throws GanError GAN_DATA_FORMAT
 */
export function npyHeader(bytes: Buffer, where: string): NpyHeader {
  if (bytes.length < 12 || !isNpy(bytes)) throw wrongFile(where, 'is no array of numpy');
  const isOld = bytes[6] === 1;
  const start = isOld ? 10 : 12;
  const length = start + (isOld ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (length > bytes.length) throw wrongFile(where, `is cut short, or says that its header has ${length} bytes`);
  const text = bytes.toString('latin1', start, length);
  const type = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (type === undefined || order === undefined || sides === undefined)
    throw wrongFile(where, `has a header that cannot be read: ${text.slice(0, 100).trim()}`);
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [parseInt(side, 10)]));
  return {type, shape, isFortran: order === 'True', length};
}

/** Bytes of one value; undefined for types that are neither whole numbers nor bits. */
export const integerBytes = (type: string): number | undefined => {
  const [, bytes] = /^[<>|=](?:[iu]([1248])|b1)$/.exec(type) ?? [];
  return type.endsWith('b1') ? 1 : bytes === undefined ? undefined : Number(bytes);
};

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** The whole numbers of an array. */
export function integers(data: Buffer, {type}: NpyHeader): number[] {
  const size = integerBytes(type)!;
  const isSigned = type[1] === 'i';
  const isBig = type[0] === '>';
  return Array.from({length: data.length / size}, (_, i) => {
    const at = i * size;
    if (size === 8) return Number(isBig ? data.readBigInt64BE(at) : data.readBigInt64LE(at));
    if (isSigned) return isBig ? data.readIntBE(at, size) : data.readIntLE(at, size);
    return isBig ? data.readUIntBE(at, size) : data.readUIntLE(at, size);
  });
}

/**
 * The error for an array that holds no pictures.
 */
export const wrongArray = (where: string, {type, shape}: NpyHeader): Error =>
  wrongFile(where, `holds values of type ${type} and shape (${shape.join(', ')}), and no pictures`, [
    'Pictures are uint8, uint16 or bool, of the shape (n, height, width), (n, height, width, 1 to 4) or (n, 1 to 4, height, width).',
    'In Python: np.save(file, np.ascontiguousarray(array).astype(np.uint8)), after scaling it to 0..255; or np.uint16, scaled to 0..65535, for --depth 16',
  ]);

/** Bytes of a value of a picture: a byte, a bit in one, or 16 bits; undefined for other types. */
export const pictureBytes = ({type}: NpyHeader): number | undefined =>
  /[bu]1$/.test(type) ? 1 : type.endsWith('u2') ? 2 : undefined;

export const isPictures = (header: NpyHeader): boolean =>
  pictureBytes(header) !== undefined && !header.isFortran && pictureShape(header.shape) !== undefined;

/** What the bytes of a picture stand for: bits are black and white. Undefined: they are its pixels. */
export function pixelsOf({type}: NpyHeader): ((bytes: Uint8Array) => PixelData) | undefined {
  if (type.endsWith('b1')) return (bytes) => Uint8Array.from(bytes, (bit) => (bit === 0 ? 0 : 255));
  const isLittle = !type.startsWith('>');
  // of a Buffer, slice() is no copy
  if (type.endsWith('u2'))
    return (bytes) => shorts(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), isLittle);
  return undefined;
}

/** Whether an array can be the classes of `items` pictures. */
export const areLabels = ({type, shape}: NpyHeader, items: number): boolean =>
  integerBytes(type) !== undefined && shape[0] === items && elementsOf(shape) === items;

/** Labels of numbers; negative ones tell none. */
export const labelsOfNumbers = (values: readonly number[], where: string): Labels | undefined =>
  labelsFrom(
    values.map((value) => (value < 0 ? undefined : value)),
    where,
  );

/**
 * The pictures of an npy file, with the labels of the file beside it that has the same name with `labels` for `images`,
 * or `-labels` after it.
 * @throws GanError GAN_DATA_FORMAT
 */
export async function npyRecords(path: string): Promise<Records> {
  const file = await openRandomAccess(path);
  const header = npyHeader(await file.read(0, mostHeaderBytes), path);
  if (!isPictures(header)) throw wrongArray(path, header);
  const {shape, length} = header;
  const each = pictureBytes(header)!;
  const wanted = length + elementsOf(shape) * each;
  if (file.size !== wanted)
    throw wrongFile(
      path,
      `is ${file.size < wanted ? 'cut short' : 'too long'}: ${file.size} bytes, and ${wanted} for the shape (${shape.join(', ')})`,
    );
  const items = shape[0]!;
  const picture = elementsOf(shape.slice(1)) * each;
  const beside = await labelsBeside(path);
  const labels = beside === undefined ? undefined : await readLabels(beside, items);
  return pixelRecords({
    kind: 'numpy array',
    path,
    files: labels ? [path, beside!.place] : [path],
    size: items,
    ...pictureShape(shape)!,
    labels,
    bytes: (index) => file.read(length + index * picture, picture),
    values: pixelsOf(header),
  });
}

/** @returns the path or the address of the labels, and the file; undefined: there are none */
async function labelsBeside(path: string): Promise<{place: string; file: RandomAccess} | undefined> {
  const stem = lastName(path).replace(/\.npy$/i, '');
  const names = [stem.replace(/images|data/i, 'labels'), `${stem}-labels`, `${stem}_labels`].filter(
    (name) => name !== stem,
  );
  for (const name of names) {
    const place = placeBeside(path, `${name}.npy`);
    const file = await openIfThere(place);
    // some servers have a page for what they do not have
    if (file && (!isAddress(place) || isNpy(await file.read(0, magic.length)))) return {place, file};
  }
  return undefined;
}

async function readLabels(
  {place, file}: {place: string; file: RandomAccess},
  items: number,
): Promise<Labels | undefined> {
  const header = npyHeader(await file.read(0, mostHeaderBytes), place);
  const bytes = elementsOf(header.shape) * (integerBytes(header.type) ?? 0);
  if (!areLabels(header, items) || file.size !== header.length + bytes)
    throw wrongFile(
      place,
      `holds no labels for ${items} pictures: type ${header.type}, shape (${header.shape.join(', ')})`,
      ['Put the labels of these pictures beside them, as whole numbers, or remove the file.'],
    );
  return labelsOfNumbers(integers(await file.read(header.length, bytes), header), place);
}
