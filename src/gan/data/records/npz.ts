/** Several arrays of numpy in a zip archive: `np.savez(file, images=..., labels=...)`. */
import {constants, crc32} from 'node:zlib';
import {isGanError, messageOf} from '../../../errors.js';
import {isAddress} from '../../../address.js';
import type {RandomAccess} from '../../io/random-access-file.js';
import {mostInMemory} from '../../../system-limits.js';
import {pictureShape, pixelRecords} from './arrays.js';
import {wrongFile} from './format-error.js';
import {
  areLabels,
  elementsOf,
  integerBytes,
  integers,
  isPictures,
  labelsOfNumbers,
  mostHeaderBytes,
  npyHeader,
  pictureBytes,
  pixelsOf,
  wrongArray,
  type NpyHeader,
} from './npy.js';
import type {Records} from './types.js';
import {contentPosition, inflated, readMember, type ZipFile, type ZipMember} from './zip-file.js';

interface ArrayMember {
  name: string;
  member: ZipMember;
  header: NpyHeader;
}

/** Names of arrays that are for training, before others. */
const training = /(^|_)(train|x|images?|imgs?|data|arr_0)(_|$)/i;
const testing = /(^|_)(test|val|valid)(_|$)/i;
const preferred = (a: {name: string}, b: {name: string}): number => rank(a.name) - rank(b.name);
const rank = (name: string): number => (testing.test(name) ? 2 : training.test(name) ? 0 : 1);

/**
 * The pictures of an npz, with their labels: the array of whole numbers that has one for each picture. Of several sets,
 * such as MNIST's of Keras, the one for training.
 * @throws GanError GAN_DATA_FORMAT
 */
export async function arrayRecords(zip: ZipFile): Promise<Records> {
  const {path} = zip.file;
  const arrays: ArrayMember[] = [];
  for (const member of zip.members) {
    const name = member.name.replace(/\.npy$/, '');
    arrays.push({
      name,
      member,
      header: await ofMember(path, name, async () => npyHeader(await head(zip, member), `${path}/${name}`)),
    });
  }
  // of two alike the one of bytes: deeper arrays beside pictures are masks or depths more often
  const deeper = (a: ArrayMember, b: ArrayMember): number => pictureBytes(a.header)! - pictureBytes(b.header)!;
  const images = arrays.filter(({header}) => isPictures(header)).sort((a, b) => preferred(a, b) || deeper(a, b))[0];
  if (!images) throw wrongArray(`${path}/${arrays[0]!.name}`, arrays[0]!.header);
  const {name, member, header} = images;
  const items = header.shape[0]!;
  const each = pictureBytes(header)!;
  const bytes = header.length + elementsOf(header.shape) * each;
  if (member.bytes !== bytes)
    throw wrongFile(
      `${path}/${name}`,
      `has ${member.bytes} bytes, and ${bytes} for the shape (${header.shape.join(', ')})`,
    );
  const classes = arrays.filter((array) => array !== images && areLabels(array.header, items)).sort(preferred)[0];
  const labels =
    classes &&
    labelsOfNumbers(
      await ofMember(path, classes.name, async () => {
        const content = await whole(zip, classes);
        const end = classes.header.length + items * integerBytes(classes.header.type)!;
        if (content.length !== end) throw new Error(`it has ${content.length} bytes, and ${end} for ${items} labels`);
        return integers(content.subarray(classes.header.length), classes.header);
      }),
      `${path}/${classes.name}`,
    );
  const picture = elementsOf(header.shape.slice(1)) * each;
  const read = await ofMember(path, name, () => reader(zip, images));
  return pixelRecords({
    kind: 'numpy archive',
    path,
    files: [path],
    size: items,
    ...pictureShape(header.shape)!,
    labels,
    bytes: (index) => read(header.length + index * picture, picture),
    values: pixelsOf(header),
  });
}

/**
 * Reads parts of an array: where it lies, or, as it cannot be, in memory. One that lies there is read from front to
 * back once, as its checksum is of all of it.
 */
async function reader(
  zip: ZipFile,
  images: ArrayMember,
): Promise<(position: number, length: number) => Uint8Array | Promise<Uint8Array>> {
  const {member} = images;
  if (member.method === 0 && !member.isEncrypted) {
    const start = await contentPosition(zip.file, member);
    await assertStored(zip.file, start, member);
    return (position, length) => zip.file.read(start + position, length);
  }
  const content = await whole(zip, images);
  return (position, length) => content.subarray(position, position + length);
}

/** Bytes that are read at a time. */
const pieceBytes = 4 << 20;

/** @throws Error when the bytes of a stored member are not those that were stored */
async function assertStored(file: RandomAccess, start: number, {bytes, crc}: ZipMember): Promise<void> {
  if (isAddress(file.path)) return; // it would be fetched as a whole
  let sum = 0;
  for (let at = 0; at < bytes; at += pieceBytes)
    sum = crc32(await file.read(start + at, Math.min(pieceBytes, bytes - at)), sum);
  if (sum !== crc) throw new Error('its checksum is wrong');
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

async function whole(zip: ZipFile, {member, name}: ArrayMember): Promise<Buffer> {
  const room = mostInMemory();
  if (member.bytes > room)
    throw wrongFile(
      `${zip.file.path}/${name}`,
      `has ${mebibytes(member.bytes)} when it is decompressed, and at most ${mebibytes(room)} are`,
      ['np.savez instead of np.savez_compressed: then it is read where it lies'],
    );
  return readMember(zip, member);
}

/** The first bytes of a member, with its header. */
async function head({file}: ZipFile, member: ZipMember): Promise<Buffer> {
  if (member.isEncrypted) throw new Error('it is encrypted');
  const position = await contentPosition(file, member);
  if (member.method === 0) return file.read(position, Math.min(member.bytes, mostHeaderBytes));
  const packed = await file.read(position, Math.min(member.compressed, 1024)); // numpy's header has 128 bytes
  return inflated(packed, {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 21});
}

async function ofMember<T>(path: string, name: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (isGanError(error)) throw error;
    throw wrongFile(`${path}/${name}`, `cannot be read: ${messageOf(error)}`, undefined, error);
  }
}
