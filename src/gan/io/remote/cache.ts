/**
 * What has been read from servers, on this machine's disk: `$GAN_CACHE_DIR/data`, by default ~/.cache/gan/data.
 * Each file has a folder: `content`, with holes where nothing has been read yet, and `blocks`, the numbers of the
 * blocks that are there with their checksums, one after the other as they came. A block counts when its checksum is
 * right, so that nothing has to be waited for and several processes may write. Folders that have not been used for
 * the longest time are deleted when there is no room.
 */
import {createHash, randomBytes} from 'node:crypto';
import {appendFile, mkdir, open, readdir, readFile, rm, stat, utimes} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {dataCacheBytes, dataCacheFolder} from '../../../environment.js';
import {writeFileAtomic} from '../atomic-write.js';
import {IdleHandle} from '../idle-handle.js';

/** Bytes that are asked for and kept together. */
export const blockBytes = 1 << 20;

/** Bytes that files which this process uses may come to, by their folders. */
const inUse = new Map<string, number>();

/** The part of one file on a server that is here. */
export class CachedFile {
  /** Checksums of the blocks that are here; those that this process has compared are in `#sound`. */
  readonly #sums = new Map<number, number>();
  readonly #sound = new Set<number>();
  readonly #content: IdleHandle;

  private constructor(
    readonly folder: string,
    readonly size: number,
    /** Whether blocks are kept: there is room, and the disk takes them. */
    public keeps: boolean,
  ) {
    this.#content = new IdleHandle(() => open(join(folder, 'content'), 'r+'));
  }

  /**
   * @param name of the file, without its secrets
   * @param version undefined: nothing tells whether it will be the same later, so that only this process uses it
   */
  static async open({name, version, size}: {name: string; version?: string; size: number}): Promise<CachedFile> {
    const key = createHash('sha256').update(JSON.stringify([name, version ?? randomBytes(16).toString('hex'), size]));
    const root = dataCacheFolder();
    const folder = join(root, key.digest('hex').slice(0, 32));
    const limit = dataCacheBytes();
    const file = new CachedFile(folder, size, limit > 0);
    if (!file.keeps) return file;
    try {
      await mkdir(folder, {recursive: true});
      await makeRoom(root, folder, limit - size);
      file.keeps = size + sumOf([...inUse].filter(([each]) => each !== folder)) <= limit;
      if (file.keeps) inUse.set(folder, size);
      await appendFile(join(folder, 'content'), '');
      await writeFileAtomic(join(folder, 'file.json'), JSON.stringify({name, size, ...(version && {version})}));
      await utimes(folder, new Date(), new Date());
      await file.#readSums();
    } catch {
      file.keeps = false; // no room, no permission: the network has it all the same
    }
    return file;
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
      await this.#content.use(async (file) => writeAll(file, bytes, block * blockBytes));
      const record = Buffer.alloc(8);
      record.writeUInt32LE(block, 0);
      const sum = crc32(bytes);
      record.writeUInt32LE(sum, 4);
      await appendFile(join(this.folder, 'blocks'), record);
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

async function writeAll(file: import('node:fs/promises').FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

const sumOf = (entries: readonly (readonly [string, number])[]): number =>
  entries.reduce((sum, [, bytes]) => sum + bytes, 0);

/** Deletes folders of other files, the oldest first, until all have at most so many bytes. */
async function makeRoom(root: string, own: string, most: number): Promise<void> {
  const others = await Promise.all(
    (await readdir(root)).map(async (name) => {
      const folder = join(root, name);
      const [{mtimeMs}, blocks] = await Promise.all([
        stat(folder),
        stat(join(folder, 'blocks')).catch(() => ({size: 0})),
      ]);
      return {folder, mtimeMs, bytes: Math.max((blocks.size / 8) * blockBytes, inUse.get(folder) ?? 0)};
    }),
  );
  let bytes = others.reduce((sum, each) => sum + (each.folder === own ? 0 : each.bytes), 0);
  for (const {folder, bytes: freed} of others
    .filter(({folder: each}) => each !== own && !inUse.has(each))
    .sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= most) return;
    await rm(folder, {recursive: true, force: true});
    bytes -= freed;
  }
}
