import koffi from 'koffi';

/** Device and pinned memory of the fake: memory of this process, whose bounds are watched. */
export interface Bytes {
  allocate(bytes: number): bigint;
  free(address: bigint): void;
}

interface Range {
  address: bigint;
  bytes: bigint;
  source: Bytes;
}

/** A kind of memory: what is allocated, and that nothing else is touched. */
export class Ranges {
  readonly #live = new Map<bigint, Range>();
  readonly #source: Bytes;
  #used = 0;
  /** So much there is. */
  limit = Infinity;
  peak = 0;

  constructor(source: Bytes) {
    this.#source = source;
  }

  get count(): number {
    return this.#live.size;
  }

  get used(): number {
    return this.#used;
  }

  /** Undefined where there is not enough. */
  allocate(bytes: bigint): bigint | undefined {
    if (this.#used + Number(bytes) > this.limit) return undefined;
    const source = bytes < hugeBytes ? this.#source : huge;
    const address = source.allocate(Number(bytes));
    this.#live.set(address, {address, bytes, source});
    this.#used += Number(bytes);
    this.peak = Math.max(this.peak, this.#used);
    return address;
  }

  free(address: bigint): boolean {
    const range = this.#live.get(address);
    if (!range) return false;
    this.#live.delete(address);
    this.#used -= Number(range.bytes);
    range.source.free(address);
    return true;
  }

  /** @throws Error unless the bytes lie in one allocation */
  check(address: bigint, bytes: bigint, what: string): void {
    for (const range of this.#live.values()) {
      if (address >= range.address && address + bytes <= range.address + range.bytes) return;
    }
    throw new Error(`fake cuda: ${what}: ${bytes} bytes at ${address} are not allocated`);
  }
}

/** Memory that JavaScript owns, by its address; kept alive here. */
export function hostMemory(): Bytes & {at(address: bigint): ArrayBuffer} {
  const kept = new Map<bigint, Uint8Array<ArrayBuffer>>();
  return {
    allocate(bytes) {
      const memory = new Uint8Array(Math.max(bytes, 128)); // small ones would move
      if (bytes < hugeBytes) memory.fill(0xcd);
      const address = koffi.address(memory);
      kept.set(address, memory);
      return address;
    },
    free: (address) => void kept.delete(address),
    at: (address) => kept.get(address)!.buffer,
  };
}

/** From this size on memory is not filled, so that what nobody touches costs nothing: workspaces of a measurement. */
const hugeBytes = 2 ** 27;
const huge = hostMemory();
