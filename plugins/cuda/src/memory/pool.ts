import {sizeClass, slabBytes, smallBytes} from './size-classes.js';

/** A piece of device memory. */
export interface Block {
  readonly address: bigint;
  /** Its size class, in bytes; in an exact pool the size that was wanted. */
  readonly bytes: number;
  readonly pool: Pool;
  /** True while the block is handed out. */
  inUse: boolean;
  /** How many recordings read or write it. A block that is given back goes to its pool when there are none. */
  holds: number;
  /**
   * An event that passes when the computation is done with what the block held before: of blocks that the stream of
   * uploads writes. It goes with the block.
   */
  lastUse?: bigint;
}

/** The source of a pool's memory. */
export interface Source {
  allocate(bytes: number): bigint;
  /** @param blocks those that were cut of it */
  free(address: bigint, bytes: number, blocks: readonly Block[]): void;
}

interface Slab {
  address: bigint;
  bytes: number;
  blocks: Block[];
}

/**
 * Blocks by size class. One that is given back is handed out again at once: whatever uses it next comes later in the
 * same stream.
 */
export class Pool {
  readonly #source: Source;
  readonly #free = new Map<number, Block[]>();
  readonly #slabs: Slab[] = [];
  readonly #exact: boolean;
  #reserved = 0;

  /** @param exact each block is memory of its own, of just the size that is wanted, and is handed out once */
  constructor(source: Source, exact = false) {
    this.#source = source;
    this.#exact = exact;
  }

  /** True if no block is in use or held. */
  get idle(): boolean {
    return this.#slabs.every(({blocks}) => blocks.every(({inUse, holds}) => !inUse && holds === 0));
  }

  /** Bytes that it has from its source. */
  get reserved(): number {
    return this.#reserved;
  }

  /** A block, of new memory where none of its size was given back. Throws what the source throws. */
  take(bytes: number): Block {
    if (this.#exact) return this.#grow(bytes, bytes);
    const size = sizeClass(bytes);
    return this.#free.get(size)?.pop() ?? this.#grow(size, size <= smallBytes ? slabBytes : size);
  }

  /** Takes a block back that nobody uses or holds. */
  give(block: Block): void {
    const list = this.#free.get(block.bytes);
    if (list) list.push(block);
    else this.#free.set(block.bytes, [block]);
  }

  /**
   * Returns memory without used blocks to the source. Returns the number of bytes. Nothing in the stream may still use
   * this memory.
   */
  trim(): number {
    const before = this.#reserved;
    const idle = new Set([...this.#free.values()].flat());
    for (let i = this.#slabs.length - 1; i >= 0; i--) {
      const slab = this.#slabs[i]!;
      if (!slab.blocks.every((block) => idle.has(block))) continue;
      this.#slabs.splice(i, 1);
      for (const block of slab.blocks) idle.delete(block);
      this.#source.free(slab.address, slab.bytes, slab.blocks);
      this.#reserved -= slab.bytes;
    }
    this.#free.clear();
    for (const block of idle) this.give(block);
    return before - this.#reserved;
  }

  /** Releases all memory, used or not. */
  close(): void {
    for (const {address, bytes, blocks} of this.#slabs) this.#source.free(address, bytes, blocks);
    this.#slabs.length = 0;
    this.#free.clear();
    this.#reserved = 0;
  }

  /** Blocks of a size from so many bytes of new memory. */
  #grow(size: number, bytes: number): Block {
    const address = this.#source.allocate(bytes);
    this.#reserved += bytes;
    const blocks = Array.from({length: Math.floor(bytes / size)}, (_, i): Block => ({
      address: address + BigInt(i * size),
      bytes: size,
      pool: this,
      inUse: false,
      holds: 0,
    }));
    this.#slabs.push({address, bytes, blocks});
    for (const block of blocks.slice(1).reverse()) this.give(block);
    return blocks[0]!;
  }
}
