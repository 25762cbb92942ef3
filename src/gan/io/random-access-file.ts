import {fstatSync, type Stats} from 'node:fs';
import type {FileHandle} from 'node:fs/promises';
import {basename} from 'node:path';
import {GanError} from '../../errors.js';
import {systemError} from '../../system-error.js';
import {isAddress} from '../../address.js';
import {IdleHandle} from './idle-handle.js';
import {openRegularFile} from './regular-file.js';

/** A file of which parts are read, in any order and several at once. */
export interface RandomAccess {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `position` on: `length` of them, or fewer where the file ends.
   * @throws GanError GAN_DATA_GONE when there is no such file any more, GAN_DATA_CHANGED when it is another one; of the
   * system or the network otherwise
   */
  read(position: number, length: number): Promise<Buffer>;
}

/** A file on a disk. It must stay what it was when `openRandomAccess` looked at it. */
class RandomAccessFile implements RandomAccess {
  readonly #handle = new IdleHandle(() => this.#open());

  constructor(
    readonly path: string,
    readonly size: number,
    readonly modifiedMs: number,
  ) {}

  async read(position: number, length: number): Promise<Buffer> {
    try {
      return await this.#handle.use(async (file) => {
        this.#check(fstatSync(file.fd)); // a microsecond
        const wanted = Math.max(0, Math.min(length, this.size - position));
        const bytes = Buffer.allocUnsafe(wanted);
        let done = 0;
        while (done < wanted) {
          const {bytesRead} = await file.read(bytes, done, wanted - done, position + done);
          if (bytesRead === 0) throw changed(this.path, 'it has become shorter');
          done += bytesRead;
        }
        return bytes;
      });
    } catch (error) {
      throw systemError(error) ?? error;
    }
  }

  async #open(): Promise<FileHandle> {
    try {
      return await openRegularFile(this.path);
    } catch (cause) {
      const {code} = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') throw gone(this.path, cause);
      throw systemError(cause) ?? cause;
    }
  }

  #check({size, mtimeMs}: Stats): void {
    if (size !== this.size) throw changed(this.path, `it had ${this.size} bytes, now it has ${size}`);
    if (mtimeMs !== this.modifiedMs) throw changed(this.path, 'it was written to');
  }
}

/**
 * @param path of a file, or the address of one on a server
 * @throws NoRegularFile, and what the system says; of the network
 */
export async function openRandomAccess(path: string): Promise<RandomAccess> {
  if (isAddress(path)) return (await import('./remote/remote-file.js')).openRemote(path);
  const file = await openRegularFile(path);
  try {
    const {size, mtimeMs} = await file.stat();
    return new RandomAccessFile(path, size, mtimeMs);
  } finally {
    await file.close();
  }
}

/** Reads a file from front to back in small pieces, of which many are read at a time. */
export class BufferedReads {
  #from = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(
    readonly file: RandomAccess,
    /** Bytes read at least. */
    readonly atLeast = 64 << 10,
  ) {}

  /** As `RandomAccess.read`. */
  async read(position: number, length: number): Promise<Buffer> {
    const at = position - this.#from;
    if (at < 0 || at + length > this.#bytes.length) {
      this.#from = position;
      this.#bytes = await this.file.read(position, Math.max(length, this.atLeast));
      return this.#bytes.subarray(0, length);
    }
    return this.#bytes.subarray(at, at + length);
  }
}

const gone = (path: string, cause: unknown): GanError =>
  new GanError('data', 'GAN_DATA_GONE', `The data have gone while they were used: ${path} is no longer there.`, {
    suggestions: [`Look whether the disk or the network folder of ${basename(path)} is still there.`],
    cause,
  });

const changed = (path: string, how: string): GanError =>
  new GanError('data', 'GAN_DATA_CHANGED', `${path} changed while it was used: ${how}.`, {
    suggestions: ['Start again when nothing writes to it any more.'],
  });
