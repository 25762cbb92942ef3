import {randomFillSync} from 'node:crypto';
import {open, rm, stat} from 'node:fs/promises';
import {messageOf} from '../errors.js';

const blockBytes = 1 << 20;

/** Room for what waits to be written when the disk is full, in bytes: lines of the log of some 4,000 steps. */
export const roomForLines = 1 << 20;

/**
 * Room on the disk for one more checkpoint: a file of its size, which is deleted to write the last checkpoint where the
 * disk is full. It holds random bytes, so that file systems that compress, or that store zeros as holes, give it the
 * room, too.
 */
export class Reserve {
  readonly #path: string;
  #made: Promise<boolean> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Begins to take the room, and does not wait for it.
   * @param bytes size of a checkpoint, and of what is written with it
   * @param refused told why there is no room
   */
  take(bytes: number, refused: (why: string) => void): void {
    this.#made = this.#write(bytes).then(
      (whole) => {
        if (!whole) refused('the file system gives no room before it is needed');
        return whole;
      },
      async (error: unknown) => {
        await rm(this.#path, {force: true}).catch(() => {});
        refused(messageOf(error));
        return false;
      },
    );
  }

  /** Gives the room free; what cannot be deleted the next training takes over. @returns whether there was any */
  async release(): Promise<boolean> {
    const made = await this.#made;
    if (made === undefined) return false;
    this.#made = undefined;
    return rm(this.#path, {force: true}).then(
      () => made,
      () => false,
    );
  }

  /** @returns whether the file system says that it has given all the room */
  async #write(bytes: number): Promise<boolean> {
    const block = randomFillSync(Buffer.alloc(Math.min(bytes, blockBytes)));
    const file = await open(this.#path, 'w');
    try {
      for (let left = bytes; left > 0; left -= block.length)
        await file.writeFile(left < block.length ? block.subarray(0, left) : block);
      await file.datasync();
    } finally {
      await file.close();
    }
    const {blocks} = await stat(this.#path);
    return process.platform === 'win32' || blocks * 512 >= bytes * 0.9; // blocks: of 512 bytes, stat(2)
  }
}
