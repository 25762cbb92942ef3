/**
 * What has been read from servers, on this machine's disk: `$GAN_CACHE_DIR/data`, by default ~/.cache/gan/data.
 * Each file has a folder: `content`, with holes where nothing has been read yet, and `blocks`, the numbers of the
 * blocks that are there with their checksums, one after the other as they came. A block counts when its checksum is
 * right, so that nothing has to be waited for and several processes may write. Folders that have not been used for
 * the longest time are deleted when there is no room.
 */
import {createHash, randomBytes} from 'node:crypto';
import {appendFile, mkdir, open, readFile, utimes, type FileHandle} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {dataCacheBytes, dataCacheFolder} from '../../../environment.js';
import {writeFileAtomic} from '../atomic-write.js';
import {IdleHandle} from '../idle-handle.js';
import {blockBytes, takeRoom} from './cache-room.js';

/** The version of files of which the server tells none: no other process has it. */
const ownVersion = randomBytes(16).toString('hex');

interface Remote {
  name: string;
  complete: string;
  version?: string;
  /** Bytes. */
  size: number;
}

/** The part of one file on a server that is here. */
export class CachedFile {
  /** Checksums of the blocks that are here; those that this process has compared are in `#sound`. */
  readonly #sums = new Map<number, number>();
  readonly #sound = new Set<number>();
  readonly #content = new IdleHandle(() => this.#open());
  /** Which file `content` is. */
  #identity: string | undefined;

  private constructor(
    readonly folder: string,
    readonly size: number,
    /** Whether blocks are kept: there is room, and the disk takes them. */
    public keeps: boolean,
  ) {}

  /**
   * @param name of the file, without its secrets
   * @param complete the whole address, which tells files apart whose name, time and size are the same; if the version
   * is that of the content (a strong ETag: RFC 9110, 8.8.1), other keys lead to the same file
   * @param version undefined: nothing tells whether it will be the same later, so that only this process uses it
   */
  static async open({name, complete, version, size}: Remote): Promise<CachedFile> {
    const place = version?.startsWith('"') ? name : complete;
    const key = createHash('sha256').update(JSON.stringify([place, version ?? ownVersion, size]));
    const folder = join(dataCacheFolder(), key.digest('hex').slice(0, 32));
    const file = new CachedFile(folder, size, true);
    const limit = dataCacheBytes();
    try {
      file.keeps = await takeRoom(folder, size, limit);
      if (!file.keeps) return file;
      await mkdir(folder, {recursive: true});
      await appendFile(join(folder, 'content'), '');
      await writeFileAtomic(join(folder, 'file.json'), JSON.stringify({name, size, ...(version && {version})}));
      await utimes(folder, new Date(), new Date());
      await file.#readSums();
    } catch {
      file.keeps = false; // no room, no permission: the network has it all the same
    }
    return file;
  }

  /** Another process may have deleted the folder, and begun it anew: what was sound may be a hole there. */
  async #open(): Promise<FileHandle> {
    const file = await open(join(this.folder, 'content'), 'r+');
    try {
      const {ino, birthtimeNs} = await file.stat({bigint: true});
      const identity = `${ino} ${birthtimeNs}`;
      if (this.#identity !== undefined && identity !== this.#identity) {
        this.#sums.clear();
        this.#sound.clear();
        await this.#readSums();
      }
      this.#identity = identity;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #readSums(): Promise<void> {
    const bytes = await readFile(join(this.folder, 'blocks')).catch(() => Buffer.alloc(0));
    for (let at = 0; at + 8 <= bytes.length; at += 8)
      this.#sums.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
  }

  has = (block: number): boolean => this.#sums.has(block);

  lengthOf = (block: number): number => Math.min(blockBytes, this.size - block * blockBytes);

  /** Keeps a block, if there is room. */
  async put(block: number, bytes: Buffer): Promise<void> {
    if (!this.keeps || this.#sums.has(block)) return;
    try {
      const record = Buffer.alloc(8);
      record.writeUInt32LE(block, 0);
      const sum = crc32(bytes);
      record.writeUInt32LE(sum, 4);
      await this.#content.use(async (file) => {
        await writeAll(file, bytes, block * blockBytes);
        await appendFile(join(this.folder, 'blocks'), record);
      });
      this.#sums.set(block, sum);
      this.#sound.add(block);
    } catch {
      this.keeps = false; // the disk is full, or the cache has been deleted
    }
  }

  /** Bytes of blocks that are here; undefined where one is not what was written, which then is gone. */
  async read(position: number, length: number): Promise<Buffer | undefined> {
    const [first, last] = [Math.floor(position / blockBytes), Math.floor((position + length - 1) / blockBytes)];
    try {
      return await this.#content.use(async (file) => {
        for (let block = first; block <= last; block++) {
          if (this.#sound.has(block)) continue;
          const bytes = Buffer.alloc(this.lengthOf(block));
          await file.read(bytes, 0, bytes.length, block * blockBytes);
          if (crc32(bytes) !== this.#sums.get(block)) {
            this.#sums.delete(block);
            return undefined;
          }
          this.#sound.add(block);
        }
        const bytes = Buffer.allocUnsafe(length);
        const {bytesRead} = await file.read(bytes, 0, length, position);
        return bytesRead === length ? bytes : undefined;
      });
    } catch {
      this.#sums.clear();
      this.#sound.clear();
      this.keeps = false;
      return undefined;
    }
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
