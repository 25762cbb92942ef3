import type {KernelArg} from '../gpu.js';

/**
 * Maximum size of all parameters of a kernel in bytes (4 KiB; more from sm_70 on with CUDA 12.1), and their maximum
 * number.
 */
const maxBytes = 4096;
const maxCount = 256;
/**
 * Start of the table: after room for small arguments of 16 bytes each, for large ones, and for the alignment of the
 * first.
 */
const tableAt = 16 * maxCount + maxBytes + 16;

/**
 * Writes the arguments of a kernel where cuLaunchKernel finds them: each at an address that is aligned to 16, and a
 * table of those addresses. The driver copies them before it returns, so one place serves all launches.
 */
export class KernelArguments {
  readonly #memory = new Uint8Array(tableAt + 8 * maxCount);
  readonly #view = new DataView(this.#memory.buffer);
  readonly #base: bigint;

  constructor(addressOf: (memory: ArrayBufferView) => bigint) {
    this.#base = addressOf(this.#memory);
  }

  /**
   * The address of the table.
   * @throws Error when there are too many
   */
  write(args: readonly KernelArg[]): bigint {
    let at = Number(-this.#base & 15n); // aligned to 16 from here on
    args.forEach((arg, i) => {
      const bytes = arg.type === 'struct' ? arg.bytes.length : 8;
      if (i >= maxCount || at + bytes > tableAt) throw new Error('a kernel has more arguments than CUDA takes');
      this.#put(arg, at);
      this.#view.setBigUint64(tableAt + 8 * i, this.#base + BigInt(at), true);
      at += Math.ceil(bytes / 16) * 16;
    });
    return this.#base + BigInt(tableAt);
  }

  #put(arg: KernelArg, at: number): void {
    switch (arg.type) {
      case 'pointer':
      case 'u64':
        return this.#view.setBigUint64(at, arg.value, true);
      case 'i32':
        return this.#view.setInt32(at, arg.value, true);
      case 'u32':
        return this.#view.setUint32(at, arg.value, true);
      case 'f32':
        return this.#view.setFloat32(at, arg.value, true);
      case 'struct':
        return this.#memory.set(arg.bytes, at);
    }
  }
}
