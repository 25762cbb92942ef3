import {CudaError} from '../driver/cuda-error.js';
import type {Driver} from '../driver/driver.js';
import {Pool, type Block, type Source} from './pool.js';

/** Bytes and counts since the device was opened. */
export interface AllocatorStatistics {
  /** Had from the driver. */
  reserved: number;
  peakReserved: number;
  /** Bytes in blocks that are in use. */
  used: number;
  peakUsed: number;
  /** Calls of cuMemAlloc; in a steady training this stands still. */
  driverAllocations: number;
}

/** A block cannot be had even after all that is idle was given back. Sizes in bytes. */
export class OutOfDeviceMemory extends Error {
  constructor(
    readonly wanted: number,
    readonly used: number,
    readonly free: number,
    readonly total: number,
  ) {
    super(`${wanted} bytes of device memory are wanted, ${free} of ${total} are free`);
    this.name = 'OutOfDeviceMemory';
  }
}

/**
 * Memory of the card for one stream. It is handed out and taken back in the order of the stream without waiting for it.
 * While a recording is made, blocks come from a pool of its own, whose addresses nobody else gets until the recording
 * is retired.
 */
export class Allocator {
  readonly #driver: Driver;
  readonly #settle: () => void;
  readonly #source: Source;
  readonly #exact: boolean;
  readonly #main: Pool;
  readonly #uploads: Pool;
  #recording: Pool | undefined;
  /** Pools of recordings that may run. */
  readonly #recordings = new Set<Pool>();
  /** Pools of recordings that will not run again, with blocks that tensors still use. */
  readonly #retired = new Set<Pool>();
  readonly #statistics: AllocatorStatistics = {
    reserved: 0,
    peakReserved: 0,
    used: 0,
    peakUsed: 0,
    driverAllocations: 0,
  };

  /**
   * @param settle waits until no stream can still use memory that was given back; not called while a recording is made
   * @param exact each block is an allocation of the driver of just its size, which goes back at once: slow, but
   * compute-sanitizer sees each number that is read or written beside a tensor, or after its end
   */
  constructor(driver: Driver, settle: () => void, exact = false) {
    this.#driver = driver;
    this.#settle = settle;
    this.#source = {
      allocate: (bytes) => this.#fromDriver(bytes),
      free: (address, bytes, blocks) => this.#toDriver(address, bytes, blocks),
    };
    this.#exact = exact;
    this.#main = new Pool(this.#source, exact);
    this.#uploads = new Pool(this.#source, exact);
  }

  get statistics(): Readonly<AllocatorStatistics> {
    return {...this.#statistics};
  }

  /**
   * A block of at least that many bytes, aligned to 256, its contents undefined.
   * @throws OutOfDeviceMemory
   */
  take(bytes: number): Block {
    return this.#take(this.#recording ?? this.#main, bytes);
  }

  /** A block that only the stream of uploads writes: `Uploads` orders its use by events. */
  takeForUpload(bytes: number): Block {
    return this.#take(this.#uploads, bytes);
  }

  give(block: Block): void {
    this.#statistics.used -= block.bytes;
    block.inUse = false;
    this.#returnIdle(block);
  }

  /**
   * Keeps a block from being handed out again, given back or not, until `unhold`: a recording reads or writes its
   * address.
   */
  hold(block: Block): void {
    block.holds++;
  }

  unhold(block: Block): void {
    block.holds--;
    this.#returnIdle(block);
  }

  /**
   * Starts a new pool. Until `endRecording`, blocks come from it; `retire` ends it. Nothing may be running (`settle`).
   */
  beginRecording(): Pool {
    this.#settle();
    this.#recording = new Pool(this.#source, this.#exact);
    this.#recordings.add(this.#recording);
    return this.#recording;
  }

  endRecording(): void {
    this.#recording = undefined;
  }

  /**
   * The recording of that pool will not run again: its memory goes back to the driver, of tensors that live on when
   * they go.
   */
  retire(pool: Pool): void {
    this.#recordings.delete(pool);
    this.#settle();
    pool.trim();
    if (pool.reserved > 0) this.#retired.add(pool);
  }

  /** Returns all idle memory to the driver. Returns the number of bytes. */
  trim(): number {
    if (!this.#recording) this.#settle(); // before a recording everything was settled, and it uses its own pool only
    return [this.#main, this.#uploads, ...this.#retired].reduce((sum, pool) => sum + pool.trim(), 0);
  }

  /** Releases all memory, used or not. */
  close(): void {
    for (const pool of [this.#main, this.#uploads, ...this.#recordings, ...this.#retired]) pool.close();
    this.#recordings.clear();
    this.#retired.clear();
  }

  #take(pool: Pool, bytes: number): Block {
    const block = this.#attempt(pool, bytes) ?? (this.trim(), this.#attempt(pool, bytes));
    if (!block) {
      const {free, total} = this.#driver.memoryInfo();
      throw new OutOfDeviceMemory(bytes, this.#statistics.used, free, total);
    }
    block.inUse = true;
    this.#statistics.used += block.bytes;
    this.#statistics.peakUsed = Math.max(this.#statistics.peakUsed, this.#statistics.used);
    return block;
  }

  #attempt(pool: Pool, bytes: number): Block | undefined {
    try {
      return pool.take(bytes);
    } catch (error) {
      if (error instanceof CudaError && error.outOfMemory) return undefined;
      throw error;
    }
  }

  #returnIdle(block: Block): void {
    if (block.inUse || block.holds > 0) return;
    block.pool.give(block);
    if (this.#recording) return;
    const over = this.#retired.has(block.pool) && block.pool.idle;
    if (over) this.#retired.delete(block.pool);
    if (over || (this.#exact && !this.#recordings.has(block.pool))) {
      this.#settle();
      block.pool.trim();
    }
  }

  #fromDriver(bytes: number): bigint {
    const address = this.#driver.allocate(bytes);
    const statistics = this.#statistics;
    statistics.driverAllocations++;
    statistics.reserved += bytes;
    statistics.peakReserved = Math.max(statistics.peakReserved, statistics.reserved);
    return address;
  }

  #toDriver(address: bigint, bytes: number, blocks: readonly Block[]): void {
    this.#driver.free(address);
    for (const {lastUse} of blocks) if (lastUse !== undefined) this.#driver.destroyEvent(lastUse);
    this.#statistics.reserved -= bytes;
  }
}
