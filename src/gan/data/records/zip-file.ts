/** The members of a zip file: its directory by yauzl, their content read where it lies. */
import {promisify} from 'node:util';
import {crc32, inflateRaw} from 'node:zlib';
import {isGanError, messageOf} from '../../../errors.js';
import {BufferedReads, openRandomAccess, type RandomAccess} from '../../io/random-access-file.js';
import {Limiter} from '../concurrency.js';
import {memberName, type Member} from './archive.js';
import {wrongFile} from './format-error.js';

export interface ZipMember extends Member {
  /** 0: stored; 8: deflated. */
  method: number;
  /** Bytes in the file. */
  compressed: number;
  crc: number;
  isEncrypted: boolean;
  /** Position of the header before the content. */
  header: number;
  /** Bytes of that header, as a guess. */
  headerBytes: number;
}

/** A zip file of which the directory has been read. Folders and links are left out. */
export interface ZipFile {
  file: RandomAccess;
  members: ZipMember[];
  /** Members that are symbolic links, or neither files nor folders. */
  leftOut: number;
}

/** Bytes of a header without name and extra fields (APPNOTE.TXT 4.3.7). */
const fixedHeader = 30;
/** Extra fields of a header often are a little longer than those of the directory. */
const slack = 64;
const isLinkOrDevice = (attributes: number): boolean => {
  const type = (attributes >>> 16) & 0o170000; // of Unix, where the archive is of one
  return type !== 0 && type !== 0o100000 && type !== 0o040000;
};

/**
 * Reads the directory of a zip file, zip64 too.
 * @throws GanError GAN_DATA_FORMAT for a file that is broken, cut short, names files outside of it, or has members that
 * lie over each other, as zip bombs do
 */
export async function openZip(path: string): Promise<ZipFile> {
  const {default: yauzl} = await import('yauzl');
  const file = await openRandomAccess(path);
  const reads = new BufferedReads(file);
  class Reader extends yauzl.RandomAccessReader {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | null) => void,
    ): void {
      reads.read(position, length).then(
        (bytes) => {
          bytes.copy(buffer, offset);
          done(bytes.length < length ? new Error('it ends too early') : null);
        },
        (error: unknown) => done(error as Error),
      );
    }
  }
  const members: ZipMember[] = [];
  let leftOut = 0;
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(new Reader(), file.size, {autoClose: false});
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      if (isLinkOrDevice(entry.externalFileAttributes)) {
        leftOut++;
        continue;
      }
      members.push({
        name: memberName(entry.fileName, path),
        bytes: entry.uncompressedSize,
        method: entry.compressionMethod,
        compressed: entry.compressedSize,
        crc: entry.crc32,
        isEncrypted: entry.isEncrypted(),
        header: entry.relativeOffsetOfLocalHeader,
        headerBytes: fixedHeader + entry.fileNameLength + entry.extraFieldLength + slack,
      });
    }
  } catch (error) {
    if (isGanError(error)) throw error;
    throw wrongFile(path, `is a broken zip archive, or cut short: ${messageOf(error)}`, undefined, error);
  }
  assertApart(members, file);
  return {file, members, leftOut};
}

/** A bomb has thousands of members that share their bytes (https://www.bamsoftware.com/hacks/zipbomb). */
function assertApart(members: readonly ZipMember[], {path, size}: RandomAccess): void {
  const inOrder = [...members].sort((a, b) => a.header - b.header);
  let [end, before] = [0, ''];
  for (const {name, header, compressed} of inOrder) {
    if (header < end)
      throw wrongFile(path, `is no honest zip archive: its members '${before}' and '${name}' lie over each other`, [
        'Archives that fill a disk when they are unpacked are made so. Look where it comes from.',
      ]);
    [end, before] = [header + fixedHeader + compressed, name];
    if (end > size) throw wrongFile(path, `is cut short: '${name}' goes past its end`);
  }
}

/** What deflated bytes hold. */
export const inflated = promisify<Buffer, {maxOutputLength: number; finishFlush?: number}, Buffer>(inflateRaw);

/** Larger members are decompressed one after the other: each may be as large as a picture is allowed to be. */
const largeBytes = 16 << 20;
const large = new Limiter(1);

/**
 * The content of a member.
 * @throws Error with the reason
 */
export async function readMember({file}: ZipFile, member: ZipMember): Promise<Buffer> {
  if (member.isEncrypted) throw new Error('it is encrypted');
  if (member.method !== 0 && member.method !== 8)
    throw new Error(`it is compressed by method ${member.method}; stored and deflated members are read`);
  const bytes =
    member.bytes > largeBytes
      ? await large.run(async () => content(member, await packedBytes(file, member)))
      : await content(member, await packedBytes(file, member));
  if (bytes.length !== member.bytes) throw new Error(`it has ${bytes.length} bytes, not ${member.bytes}`);
  if (crc32(bytes) !== member.crc) throw new Error('its checksum is wrong');
  return bytes;
}

const content = async ({method, bytes}: ZipMember, packed: Buffer): Promise<Buffer> =>
  method === 0 || packed.length === 0 ? packed : inflated(packed, {maxOutputLength: Math.max(bytes, 1)});

/** Where the content of a member begins. */
export async function contentPosition(file: RandomAccess, {header}: ZipMember): Promise<number> {
  return header + headerLength(await file.read(header, fixedHeader));
}

/** Header and content are read at once. */
async function packedBytes(file: RandomAccess, {header, headerBytes, compressed}: ZipMember): Promise<Buffer> {
  const bytes = await file.read(header, headerBytes + compressed);
  const begin = headerLength(bytes);
  const found =
    begin + compressed <= bytes.length
      ? bytes.subarray(begin, begin + compressed)
      : await file.read(header + begin, compressed);
  if (found.length < compressed) throw new Error('it is cut short');
  return found;
}

function headerLength(bytes: Buffer): number {
  if (bytes.length < fixedHeader || bytes.readUInt32LE(0) !== 0x04034b50) throw new Error('its header is broken');
  return fixedHeader + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
}
