import type {FileHandle} from 'node:fs/promises';

/** A file that nobody has used for so long is closed, in milliseconds. */
const idleMs = 500;
/** So many files stay open between uses: a process may often have 1,024 in all. */
const mostIdle = 128;
let idle = 0;

/** A file that is open while it is used and shortly afterwards, so that there is nothing to dispose of. */
export class IdleHandle {
  readonly #open: () => Promise<FileHandle>;
  #handle: Promise<FileHandle> | undefined;
  #users = 0;
  #closing: NodeJS.Timeout | undefined;

  constructor(open: () => Promise<FileHandle>) {
    this.#open = open;
  }

  /** Several uses may go on at once. */
  async use<T>(task: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#take();
    try {
      return await task(file);
    } finally {
      this.#leave();
    }
  }

  async #take(): Promise<FileHandle> {
    if (this.#closing) {
      clearTimeout(this.#closing);
      this.#closing = undefined;
      idle--;
    }
    this.#users++;
    const handle = (this.#handle ??= this.#open());
    try {
      return await handle;
    } catch (error) {
      if (this.#handle === handle) this.#handle = undefined; // another one may have opened it by now
      this.#users--;
      throw error;
    }
  }

  #leave(): void {
    if (--this.#users > 0) return;
    if (idle >= mostIdle) return this.#close();
    idle++;
    this.#closing = setTimeout(() => {
      this.#closing = undefined;
      idle--;
      this.#close();
    }, idleMs).unref();
  }

  #close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    void handle?.then((file) => file.close()).catch(() => {});
  }
}
