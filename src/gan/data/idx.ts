/**
 * IDX, the format of MNIST and of sets like it (https://yann.lecun.com/exdb/mnist): `00 00 type rank`, `rank` sizes of 4
 * bytes, then the values, big-endian; often compressed with gzip.
 */
import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';
import {constants, gunzip, type ZlibOptions} from 'node:zlib';
import {isAddress} from '../../address.js';
import {GanError, isGanError, messageOf} from '../../errors.js';
import {openIfThere, readWhole} from '../io/beside.js';
import {mostInMemory} from '../../system-limits.js';

const decompress = promisify<Buffer, ZlibOptions, Buffer>(gunzip);

/** Unsigned bytes of any rank. */
export interface IdxFile {
  path: string;
  shape: number[];
  data: Uint8Array;
}

/** Number of sizes of the IDX file of bytes that begins with `head`; undefined when it is none. */
const rankOf = (head: Uint8Array): number | undefined =>
  head.length >= 4 && head[0] === 0 && head[1] === 0 && head[2] === 8 && head[3]! >= 1 && head[3]! <= 4
    ? head[3]
    : undefined;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Number of sizes that an IDX file of bytes announces, from its first bytes; undefined for any other file. */
export async function idxRankOf(head: Buffer): Promise<number | undefined> {
  if (!isGzip(head)) return rankOf(head);
  return rankOf(await beginning(head.subarray(0, headBytes)).catch(() => new Uint8Array()));
}

/** The same of a file, or of an address; undefined, too, where there is none. @throws as `openIfThere` */
export async function idxRank(path: string): Promise<number | undefined> {
  const file = await openIfThere(path);
  return file && idxRankOf(await file.read(0, headBytes));
}

/** First bytes of a file that tell what it is, compressed or not. */
const headBytes = 512;

/**
 * Reads an IDX file of bytes, compressed or not.
 * @throws GanError GAN_DATA_NOT_FOUND, GAN_DATA_UNREADABLE, GAN_DATA_FORMAT when it is another kind of file, cut short,
 * or too long
 */
export async function readIdx(path: string): Promise<IdxFile> {
  const bytes = await contents(path);
  const shape = shapeOf(bytes, path);
  const headerBytes = 4 + 4 * shape.length;
  const wanted = headerBytes + elements(shape);
  if (bytes.length !== wanted) throw wrongLength(path, bytes.length, shape);
  return {path, shape, data: bytes.subarray(headerBytes)};
}

/** The sizes that the header of an IDX file says. */
function shapeOf(bytes: Uint8Array, path: string): number[] {
  const rank = rankOf(bytes);
  if (rank === undefined) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw wrongIdx(path, `is no IDX file of bytes: it begins with ${start || 'nothing'}, not with 00 00 08 01 to 04`);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes)
    throw wrongIdx(path, `is cut short: ${bytes.length} of ${headerBytes} bytes of its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({length: rank}, (_, i) => view.getUint32(4 + 4 * i));
}

function wrongLength(path: string, length: number, shape: readonly number[]): GanError {
  const wanted = 4 + 4 * shape.length + elements(shape);
  const what = length < wanted ? 'is cut short' : 'is too long';
  return wrongIdx(path, `${what}: ${length} bytes, and ${wanted} for the shape [${shape.join(', ')}]`);
}

const elements = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

async function contents(path: string): Promise<Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = await (isAddress(path) ? readWhole(path, mostInMemory()) : readFile(path));
  } catch (cause) {
    if (isGanError(cause)) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new GanError(
      'data',
      missing ? 'GAN_DATA_NOT_FOUND' : 'GAN_DATA_UNREADABLE',
      missing ? `the file ${path} does not exist` : `${path} cannot be read: ${messageOf(cause)}`,
      {suggestions: ['Check the spelling, and that this user may read the file.'], cause},
    );
  }
  if (!isGzip(bytes)) return bytes;
  try {
    const shape = shapeOf(await beginning(bytes.subarray(0, 512)), path);
    const wanted = 4 + 4 * shape.length + elements(shape);
    if (wanted > mostInMemory()) throw wrongIdx(path, `has the shape [${shape.join(', ')}], too large for the memory`);
    return await decompress(bytes, {maxOutputLength: wanted}).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE'
        ? wrongIdx(path, `is longer than its shape [${shape.join(', ')}]`)
        : error;
    });
  } catch (cause) {
    if (isGanError(cause)) throw cause;
    throw wrongIdx(path, `cannot be decompressed, it is broken or cut short: ${messageOf(cause)}`, cause);
  }
}

/** What the first bytes of a gzip file hold: the flush lets it give what a part of a file has. */
export const beginning = (head: Buffer): Promise<Buffer> =>
  decompress(head, {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 20});

/** The error for a file whose content is wrong. */
export const wrongIdx = (path: string, what: string, cause?: unknown): GanError =>
  new GanError('data', 'GAN_DATA_FORMAT', `${path} ${what}`, {
    suggestions: [
      'Download or copy the file again.',
      'Give a folder of images, or IDX files as those of MNIST: train-images-idx3-ubyte.gz.',
    ],
    ...(cause !== undefined && {cause}),
  });
