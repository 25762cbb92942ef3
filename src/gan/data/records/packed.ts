/**
 * Packed sets, which `gan data pack` writes: safetensors files with decoded pictures, so that other programs can read
 * them too. Tensors: `images` U8 [n, height, width, channels], `checksums` U32 [n] (CRC-32 of each), `names` and
 * `classes` U8 (JSON lists of texts), `labels` I32 [n] (-1: none); in place of `labels`, where pictures may have
 * several classes, `attributes` U8 [n, classes] (1: has it, all 255: nobody has said). Metadata: `format`, `source`,
 * `resize`, `key`.
 */
import {createHash} from 'node:crypto';
import {crc32} from 'node:zlib';
import {openRandomAccess} from '../../io/random-access-file.js';
import {isRecord} from '../../../options/json.js';
import {mostInMemory} from '../../../system-limits.js';
import type {Channels} from '../pixels.js';
import {wrongFile} from './format-error.js';
import type {Records} from './types.js';

export const packedFormat = 'gan-packed-1';

/** Bytes of length and header together: blanks fill it. */
export const packedHeaderBytes = 4096;

/** Whether a file begins as a packed set does. */
export const isPacked = (bytes: Buffer): boolean =>
  bytes.length >= packedHeaderBytes &&
  bytes.readBigUInt64LE() === BigInt(packedHeaderBytes - 8) &&
  bytes.toString('latin1', 8, packedHeaderBytes).includes(`"format":"${packedFormat}"`);

interface Tensor {
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

const elementBytes: Readonly<Record<string, number>> = {U8: 1, U32: 4, I32: 4};

/** What the header of a packed set says. */
export interface PackedHeader {
  tensors: ReadonlyMap<string, Tensor>;
  metadata: Readonly<Record<string, unknown>>;
}

/** @throws GanError GAN_DATA_FORMAT for a header that is broken, or that the size of the file does not fit */
export function packedHeader(bytes: Buffer, size: number, path: string): PackedHeader {
  const broken = (what: string): Error => wrongFile(path, `is a broken packed set, or cut short: ${what}`, advice);
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8', 8, packedHeaderBytes));
  } catch {
    throw broken('its header is no JSON');
  }
  const {__metadata__: metadata, ...entries} = header as Record<string, unknown>;
  if (!isRecord(metadata)) throw broken('it has no metadata');
  const tensors = new Map<string, Tensor>();
  let before = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const {dtype, shape, data_offsets: offsets} = (entry ?? {}) as Record<string, unknown>;
    const [begin, end] = Array.isArray(offsets) ? (offsets as unknown[]) : [];
    if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts([begin, end]))
      throw broken(`'${name}' has no place`);
    const bytes = shape.reduce((product, side) => product * side, elementBytes[dtype] ?? NaN);
    if (begin !== before || (end as number) - begin !== bytes)
      throw broken(`'${name}' of shape [${shape.join(', ')}] lies at ${String(begin)} to ${String(end)}`);
    before = end as number;
    tensors.set(name, {dtype, shape, begin: packedHeaderBytes + begin, end: packedHeaderBytes + before});
  }
  if (packedHeaderBytes + before !== size) throw broken(`it has ${size} bytes, not ${packedHeaderBytes + before}`);
  return {tensors, metadata};
}

const isCounts = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((value) => Number.isSafeInteger(value) && value >= 0);

const advice = ['Pack the pictures again: gan data pack SOURCE FILE'];

/**
 * The pictures of a packed set, which are read where they lie, and compared with their checksums.
 * @throws GanError GAN_DATA_FORMAT
 */
export async function packedRecords(path: string): Promise<Records> {
  const file = await openRandomAccess(path);
  const {tensors} = packedHeader(await file.read(0, packedHeaderBytes), file.size, path);
  const broken = (what: string): Error => wrongFile(path, `is a broken packed set: ${what}`, advice);
  const tensor = (name: string, dtype: string): Tensor => {
    const found = tensors.get(name);
    if (found?.dtype !== dtype) throw broken(`it has no '${name}' of type ${dtype}`);
    if (name !== 'images' && found.end - found.begin > mostInMemory()) throw broken(`its '${name}' are too many`);
    return found;
  };
  const contents = async ({begin, end}: Tensor): Promise<Buffer> => file.read(begin, end - begin);
  const texts = async (name: string): Promise<string[]> => {
    try {
      const list: unknown = JSON.parse((await contents(tensor(name, 'U8'))).toString());
      if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw broken(`its '${name}' are no list of texts`);
  };
  const images = tensor('images', 'U8');
  const [size = 0, height = 0, width = 0, channels = 0] = images.shape;
  if (images.shape.length !== 4 || channels < 1 || channels > 4)
    throw broken(`its images have the shape [${images.shape.join(', ')}]`);
  const sums = await contents(tensor('checksums', 'U32'));
  const names = await texts('names');
  if (sums.length !== 4 * size || names.length !== size)
    throw broken(`not all of its ${size} pictures have a checksum and a name`);
  const item = height * width * channels;
  let labels: Records['labels'];
  if (tensors.has('labels')) {
    const [bytes, classes] = [await contents(tensor('labels', 'I32')), await texts('classes')];
    const of = Int32Array.from({length: bytes.length / 4}, (_, i) => bytes.readInt32LE(4 * i));
    if (of.length !== size || of.some((label) => label < -1 || label >= classes.length))
      throw broken('its labels are wrong');
    labels = {classes, of};
  }
  if (tensors.has('attributes')) {
    const [several, classes] = [await contents(tensor('attributes', 'U8')), await texts('classes')];
    if (several.length !== size * classes.length) throw broken('its attributes are wrong');
    labels = {classes, of: new Int32Array(size).fill(-1), several: new Uint8Array(several)};
  }
  const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
  return {
    kind: 'packed set',
    path,
    files: [path],
    size,
    ...(labels && {labels}),
    name: (index) => names[index]!,
    describe: (index) => `${path}/${names[index]}`,
    async read(index) {
      const data = await file.read(images.begin + index * item, item);
      if (crc32(data) !== sums.readUInt32LE(4 * index)) throw new Error('its checksum is wrong');
      return {data: new Uint8Array(data.buffer, data.byteOffset, item), height, width, channels: channels as Channels};
    },
    identify: () =>
      Promise.resolve({
        items: size,
        bytes: size * item,
        names: hash(JSON.stringify(names)),
        sizes: hash(images.shape.join()),
        content: hash(sums),
      }),
  };
}
