/** Small files on servers, such as the pictures of a list: each is asked for as a whole, once, and kept. */
import {createHash} from 'node:crypto';
import {mkdir, readFile, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {dataCacheBytes, dataCacheFolder} from '../../../environment.js';
import {isGanError} from '../../../errors.js';
import {isPage} from '../page.js';
import {bytesIn, takeRoom, wholeFiles} from './cache-room.js';
import {transportOf} from './remote-file.js';
import {withRetries, type Transport} from './transport.js';

/** Room in the cache is taken in pieces of so many bytes: to look for it means to look at all folders. */
const roomBytes = 64 << 20;

/** Files that a server may refuse one after the other: after more, it is not of these files, but keys have expired. */
const mostRefused = 64;

/** Files of one set. They are kept for it alone, so that another version of the set asks for them again. */
export class WholeFiles {
  readonly #folder: string;
  readonly #limit = dataCacheBytes();
  /** Bytes that are kept, and those that there is room for. */
  #kept: number | undefined;
  #room = 0;
  #keeps = true;
  /** Refusals since a file was given. */
  #refused = 0;
  /** That the folder is used, once it is noted. */
  #noted: Promise<void> | undefined;
  /** One after the other. */
  #writing: Promise<void> = Promise.resolve();

  /** @param set tells the set and its version from others */
  constructor(
    set: string,
    /** Bytes that a file may have. */
    readonly most: number,
  ) {
    const key = createHash('sha256').update(JSON.stringify(['files', set]));
    this.#folder = join(dataCacheFolder(), key.digest('hex').slice(0, 32));
  }

  /**
   * The bytes of the file of an address.
   * @param name tells the file from others of the set, as what is shown of their addresses may be the same
   * @throws Error for a file that its server does not have or give, or that is too large; GanError where the network
   * fails, or a server refuses one file after the other
   */
  async read(address: string, name = address): Promise<Buffer> {
    const file = this.#file(name);
    const kept = soundBytes(await readFile(file).catch(() => undefined));
    if (kept) {
      await (this.#noted ??= this.#noteUse().catch(() => {})); // another user's: it goes sooner
      return kept;
    }
    const transport = transportOf(address);
    const bytes = await withRetries(transport, () => all(transport, this.most)).catch((error: unknown) => {
      if (!isGanError(error) || !['GAN_DATA_NOT_FOUND', 'GAN_DATA_REFUSED'].includes(error.code)) throw error;
      if (error.code === 'GAN_DATA_REFUSED' && ++this.#refused > mostRefused) throw error;
      throw new Error(error.message);
    });
    this.#refused = 0;
    if (bytes.length === 0 || isPage(bytes)) return bytes; // there may be a picture another time
    this.#writing = this.#writing.then(() => this.#keep(file, bytes));
    await this.#writing;
    return bytes;
  }

  #file(name: string): string {
    return join(this.#folder, wholeFiles, createHash('sha256').update(name).digest('hex').slice(0, 32));
  }

  async #keep(file: string, bytes: Buffer): Promise<void> {
    if (!this.#keeps) return;
    try {
      this.#kept ??= await bytesIn(this.#folder);
      const wanted = this.#kept + bytes.length + 4;
      if (wanted > this.#room && !(this.#keeps = await this.#takeRoom(wanted))) return;
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(crc32(bytes));
      await writeFile(file, Buffer.concat([bytes, sum]));
      this.#kept = wanted;
    } catch {
      this.#keeps = false; // no space, no permission: the network has it all the same
    }
  }

  /** @returns false where the cache may not have so many bytes */
  async #takeRoom(wanted: number): Promise<boolean> {
    for (const room of [wanted + roomBytes, wanted]) {
      if (!(await takeRoom(this.#folder, room, this.#limit))) continue;
      this.#room = room;
      await mkdir(join(this.#folder, wholeFiles), {recursive: true});
      await this.#noteUse();
      return true;
    }
    return false;
  }

  /** Folders that have not been used for the longest time make room for others. */
  #noteUse(): Promise<void> {
    return utimes(this.#folder, new Date(), new Date());
  }
}

/** What was kept, if it is whole: its checksum follows it. */
const soundBytes = (stored: Buffer | undefined): Buffer | undefined => {
  const end = (stored?.length ?? 0) - 4;
  return stored && end >= 0 && crc32(stored.subarray(0, end)) === stored.readUInt32LE(end)
    ? stored.subarray(0, end)
    : undefined;
};

async function all(transport: Transport, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of await transport.whole()) {
    if ((bytes += piece.length) > most) throw new Error(`it has more than ${most} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
