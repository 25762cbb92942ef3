import koffi from 'koffi';
import '../../../../plugins/cuda/src/native/koffi.js'; // sets koffi up, which must come before the first library
import type {KernelArg} from '../../../../plugins/cuda/src/gpu.js';

/** The order in which the blocks of a grid, and the threads of a block between two barriers, have their turns. */
export type Order = 'forwards' | 'backwards' | 'mixed';
const orders: readonly Order[] = ['forwards', 'backwards', 'mixed'];

/** Calls into what compile.ts built. Addresses are those of this process. */
export interface EmulatorLibrary {
  allocate(bytes: number): bigint;
  free(address: bigint): void;
  write(to: bigint, from: Uint8Array): void;
  read(from: bigint, to: Uint8Array): void;
  copy(from: bigint, to: bigint, bytes: number): void;
  /** How many allocations there are. */
  allocations(): number;
  /**
   * @throws Error where arguments and parameters differ, no card takes the grid, or a kernel wrote outside of what is
   * its
   */
  launch(source: string, entry: string, dims: readonly number[], args: readonly KernelArg[], order: Order): void;
  /** What a kernel takes; undefined where there is none. */
  parameters(source: string, entry: string): {kinds: string; sizes: number[]} | undefined;
  /** From now on products and convolutions round their factors to so many bits of the fraction; 23: not at all. */
  roundFactors(bits: number): void;
  matmul(
    a: bigint,
    transposeA: boolean,
    b: bigint,
    transposeB: boolean,
    c: bigint,
    m: number,
    n: number,
    k: number,
  ): void;
  convolve(
    which: 'forward' | 'data' | 'filter',
    sizes: readonly number[],
    first: bigint,
    second: bigint,
    out: bigint,
  ): void;
}

/** Kinds as the library tells them apart: it knows the size of an integer from its parameter. */
const kindOf = (arg: KernelArg): string =>
  ({
    pointer: 'p',
    u64: 'i',
    i32: 'i',
    u32: 'i',
    f32: 'f',
    struct: arg.type === 'struct' && arg.bytes.length === 1 ? 'i' : 's',
  })[arg.type];

function bytesOf(arg: KernelArg): Uint8Array {
  if (arg.type === 'struct') return arg.bytes;
  if (typeof arg.value === 'bigint') return new Uint8Array(BigUint64Array.of(arg.value).buffer);
  return new Uint8Array((arg.type === 'f32' ? Float32Array.of(arg.value) : Int32Array.of(arg.value)).buffer);
}

export function openLibrary(path: string): EmulatorLibrary {
  const library = koffi.load(path);
  const call = <R>(signature: string): ((...args: unknown[]) => R) =>
    library.func(signature) as unknown as (...args: unknown[]) => R;
  const functions = {
    allocate: call<number | bigint>('uint64_t emulator_allocate(uint64_t)'),
    free: call<void>('void emulator_free(uint64_t)'),
    write: call<void>('void emulator_write(uint64_t, const void *, uint64_t)'),
    read: call<void>('void emulator_read(uint64_t, void *, uint64_t)'),
    copy: call<void>('void emulator_copy(uint64_t, uint64_t, uint64_t)'),
    allocations: call<number>('uint64_t emulator_allocations()'),
    launch: call<string | null>(
      'const char *emulator_launch(const char *, const char *, const uint32_t *, const char *, const uint8_t *, const uint32_t *, int)',
    ),
    parameters: call<number>('int emulator_parameters(const char *, const char *, uint8_t *, uint32_t *)'),
    roundFactors: call<void>('void emulator_round_factors(int)'),
    matmul: call<void>('void emulator_matmul(uint64_t, int, uint64_t, int, uint64_t, int, int, int)'),
    forward: call<void>('void emulator_conv_forward(const int *, uint64_t, uint64_t, uint64_t)'),
    data: call<void>('void emulator_conv_data(const int *, uint64_t, uint64_t, uint64_t)'),
    filter: call<void>('void emulator_conv_filter(const int *, uint64_t, uint64_t, uint64_t)'),
  };
  return {
    allocate(bytes) {
      const address = BigInt(functions.allocate(bytes));
      if (address === 0n) throw new Error(`emulator: out of memory, ${bytes} bytes are wanted`);
      return address;
    },
    free: functions.free,
    write: (to, from) => functions.write(to, from, from.byteLength),
    read: (from, to) => functions.read(from, to, to.byteLength),
    copy: functions.copy,
    allocations: () => Number(functions.allocations()),
    launch(source, entry, dims, args, order) {
      const parts = args.map(bytesOf);
      const offsets = [0];
      for (const part of parts) offsets.push(offsets.at(-1)! + part.byteLength);
      const bytes = new Uint8Array(offsets.at(-1)!);
      parts.forEach((part, i) => bytes.set(part, offsets[i]));
      const fault = functions.launch(
        source,
        entry,
        Uint32Array.from(dims),
        args.map(kindOf).join(''),
        bytes,
        Uint32Array.from(offsets),
        orders.indexOf(order),
      );
      if (fault !== null) throw new Error(`emulator: ${fault}`);
    },
    parameters(source, entry) {
      const [kinds, sizes] = [new Uint8Array(32), new Uint32Array(32)];
      const count = functions.parameters(source, entry, kinds, sizes);
      return count < 0
        ? undefined
        : {kinds: Buffer.from(kinds.subarray(0, count)).toString(), sizes: [...sizes.subarray(0, count)]};
    },
    roundFactors: functions.roundFactors,
    matmul: (a, transposeA, b, transposeB, c, m, n, k) =>
      functions.matmul(a, Number(transposeA), b, Number(transposeB), c, m, n, k),
    convolve: (which, sizes, first, second, out) => functions[which](Int32Array.from(sizes), first, second, out),
  };
}
