import type {EmulatorLibrary} from './library.js';

/** What was done with a library, for replay.cpp: allocations by number, what they held, and launches. */
export interface Trace {
  library: EmulatorLibrary;
  lines: string[];
}

interface Allocation {
  id: number;
  address: bigint;
  bytes: number;
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** A library that notes what it is asked for. What is no launch is noted by what it leaves in memory. */
export function traced(library: EmulatorLibrary): Trace {
  const lines: string[] = [];
  const live: Allocation[] = [];
  let made = 0;
  const allocationAt = (address: bigint): Allocation | undefined =>
    live.find((one) => address >= one.address && address < one.address + BigInt(one.bytes));
  const noteContents = (address: bigint): void => {
    const allocation = allocationAt(address);
    if (!allocation) return; // of the host
    const {id, address: start, bytes} = allocation;
    const contents = new Uint8Array(bytes);
    library.read(start, contents);
    lines.push(`write ${id} ${hex(contents)}`);
  };
  /** Bytes of an argument, and the words in them that are addresses. */
  const argumentOf = (bytes: Uint8Array): string => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const moves: string[] = [];
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const target = allocationAt(view.getBigUint64(at, true));
      if (target) moves.push(`${at} ${target.id} ${view.getBigUint64(at, true) - target.address}`);
    }
    return [hex(bytes), moves.length, ...moves].join(' ');
  };
  return {
    lines,
    library: {
      ...library,
      allocate(bytes) {
        const address = library.allocate(bytes);
        live.push({id: made, address, bytes});
        lines.push(`allocate ${made++} ${bytes}`);
        return address;
      },
      free(address) {
        const at = live.findIndex((one) => one.address === address);
        const [gone] = live.splice(at, 1);
        lines.push(`free ${gone!.id}`);
        library.free(address);
      },
      write(to, from) {
        library.write(to, from);
        noteContents(to);
      },
      copy(from, to, bytes) {
        library.copy(from, to, bytes);
        noteContents(to);
      },
      matmul(a, transposeA, b, transposeB, c, m, n, k) {
        library.matmul(a, transposeA, b, transposeB, c, m, n, k);
        noteContents(c);
      },
      convolve(which, sizes, first, second, out) {
        library.convolve(which, sizes, first, second, out);
        noteContents(out);
      },
      launch(source, entry, dims, args, order) {
        const sizes = library.parameters(source, entry)!.sizes;
        const given = args.map((arg, i) => {
          if (arg.type === 'struct') return arg.bytes;
          const bytes = new Uint8Array(8);
          const view = new DataView(bytes.buffer);
          if (typeof arg.value === 'bigint') view.setBigUint64(0, arg.value, true);
          else if (arg.type === 'f32') view.setFloat32(0, arg.value, true);
          else view.setInt32(0, arg.value, true);
          return bytes.subarray(0, sizes[i]);
        });
        lines.push(`launch ${args.length} ${entry} ${dims.join(' ')} ${given.map(argumentOf).join(' ')} ${source}`);
        library.launch(source, entry, dims, args, order);
      },
    },
  };
}
