import type {Driver, PinnedMemory} from '../driver/driver.js';
import {sizeClass} from './size-classes.js';

/** Host memory that the card copies from or to, with an event that says when it is done. */
export interface Staging extends PinnedMemory {
  /** Recorded by whoever hands over the copy. */
  readonly event: bigint;
}

/**
 * Maximum of locked host memory before a caller has to wait. Two batches of 512 images of 128x128 floats are 200 MiB.
 */
const limitBytes = 2 ** 29;

/** Pinned memory by size class, handed out again once the card is done with it. */
export class PinnedPool {
  readonly #driver: Driver;
  readonly #free = new Map<number, Staging[]>();
  /** Blocks in the order in which they were handed to the card. */
  #busy: Staging[] = [];
  readonly #all: Staging[] = [];
  #bytes = 0;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Returns a block of at least this many bytes. */
  take(bytes: number): Staging {
    this.#sweep();
    const size = sizeClass(bytes);
    return this.#free.get(size)?.pop() ?? this.#waitFor(size) ?? this.#grow(size);
  }

  /** It is free once its event, which is recorded by now, has passed. */
  giveWhenDone(staging: Staging): void {
    this.#busy.push(staging);
  }

  /** It is free. */
  give(staging: Staging): void {
    const size = staging.bytes.length;
    const list = this.#free.get(size);
    if (list) list.push(staging);
    else this.#free.set(size, [staging]);
  }

  close(): void {
    for (const {address, event} of this.#all) {
      this.#driver.freePinned(address);
      this.#driver.destroyEvent(event);
    }
    this.#free.clear();
    this.#busy = [];
    this.#all.length = 0;
  }

  #sweep(): void {
    const busy = this.#busy.filter((staging) => {
      if (!this.#driver.eventPassed(staging.event)) return true;
      this.give(staging);
      return false;
    });
    this.#busy = busy;
  }

  /** Used when too much memory is locked: waits until the card is done with a block of this size. */
  #waitFor(size: number): Staging | undefined {
    if (this.#bytes + size <= limitBytes) return undefined;
    const index = this.#busy.findIndex(({bytes}) => bytes.length === size);
    if (index < 0) return undefined;
    const [staging] = this.#busy.splice(index, 1);
    this.#driver.awaitEvent(staging!.event);
    return staging;
  }

  #grow(size: number): Staging {
    const staging = {...this.#driver.allocatePinned(size), event: this.#driver.createEvent()};
    this.#bytes += size;
    this.#all.push(staging);
    return staging;
  }
}
