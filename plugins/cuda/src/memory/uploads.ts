import type {Driver} from '../driver/driver.js';
import type {Allocator} from './allocator.js';
import type {PinnedPool} from './pinned.js';
import type {Block} from './pool.js';

/**
 * From this size on, an upload runs in parallel with the computation. Below it, the two events that order it cost more
 * than the upload.
 */
const besideBytes = 2 ** 15;

/** The result of an upload. */
export interface Uploaded {
  block: Block;
  /** The stream of computation has to wait for it before it uses the block; undefined where it need not. */
  ready?: bigint;
}

/**
 * Host to device. Large data go through pinned memory on a stream of their own, so that the next batch travels while
 * this one is computed; their blocks are written by that stream only, after an event that says that the computation is
 * done with what was there.
 */
export class Uploads {
  readonly #driver: Driver;
  readonly #allocator: Allocator;
  readonly #pinned: PinnedPool;
  readonly #compute: bigint;
  readonly #stream: bigint;
  /** The blocks that the stream of uploads writes. */
  readonly #beside = new WeakSet<Block>();

  constructor(driver: Driver, allocator: Allocator, pinned: PinnedPool, compute: bigint, stream: bigint) {
    this.#driver = driver;
    this.#allocator = allocator;
    this.#pinned = pinned;
    this.#compute = compute;
    this.#stream = stream;
  }

  /** Copies the bytes at once to pinned memory, and hands the way to the device over. */
  send(bytes: Uint8Array): Uploaded {
    return bytes.length < besideBytes ? {block: this.#sendInLine(bytes)} : this.#sendBeside(bytes);
  }

  /** The same, done when it returns: for data that a recording reads, which must be there before it runs. */
  sendNow(bytes: Uint8Array): Block {
    const {block} = this.#sendBeside(bytes);
    this.#driver.synchronize(this.#stream);
    return block;
  }

  /**
   * Returns a block of `send`.
   * @param recording whether one is made: then all that came before is done, and what it uses it holds
   */
  give(block: Block, recording: boolean): void {
    if (!recording && this.#beside.has(block)) {
      block.lastUse ??= this.#driver.createEvent();
      this.#driver.recordEvent(block.lastUse, this.#compute);
    }
    this.#allocator.give(block);
  }

  #sendInLine(bytes: Uint8Array): Block {
    const block = this.#allocator.take(bytes.length);
    const staging = this.#pinned.take(bytes.length);
    staging.bytes.set(bytes);
    this.#driver.copyToDevice(block.address, staging.address, bytes.length, this.#compute);
    this.#driver.recordEvent(staging.event, this.#compute);
    this.#pinned.giveWhenDone(staging);
    return block;
  }

  #sendBeside(bytes: Uint8Array): Required<Uploaded> {
    const block = this.#allocator.takeForUpload(bytes.length);
    if (block.lastUse !== undefined) this.#driver.waitEvent(this.#stream, block.lastUse);
    this.#beside.add(block);
    const staging = this.#pinned.take(bytes.length);
    staging.bytes.set(bytes);
    this.#driver.copyToDevice(block.address, staging.address, bytes.length, this.#stream);
    this.#driver.recordEvent(staging.event, this.#stream);
    this.#pinned.giveWhenDone(staging);
    return {block, ready: staging.event};
  }
}
