import os from 'node:os';
import type {Probe, SystemLimits} from 'gankit/plugin';
import type {Settings} from './settings.js';

/** The smallest module with a vector instruction: (func (drop (v128.const i32x4 0 0 0 0))). */
const simdModule = Uint8Array.from([
  0x00,
  0x61,
  0x73,
  0x6d,
  0x01,
  0x00,
  0x00,
  0x00, // magic, version 1
  0x01,
  0x04,
  0x01,
  0x60,
  0x00,
  0x00, // types: [] -> []
  0x03,
  0x02,
  0x01,
  0x00, // functions: one of type 0
  0x0a,
  0x17,
  0x01,
  0x15,
  0x00, // code: one body of 21 bytes, no locals
  0xfd,
  0x0c,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0, // v128.const
  0x1a,
  0x0b, // drop, end
]);

/** WebAssembly's addresses have 32 bits. */
const addressable = 2 ** 32;

/** Why the addresses that a memory may grow into cannot be reserved, as under `ulimit -v`; undefined where they can. */
function reserve(): string | undefined {
  try {
    new WebAssembly.Memory({initial: 1, maximum: addressable / 2 ** 16, shared: true});
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Checks whether this Node can run the kernels. Loads nothing. */
export async function probe({threads, relaxedSimd, wideSimd}: Settings, {memory}: SystemLimits): Promise<Probe> {
  if (!WebAssembly.validate(simdModule)) {
    return {
      ok: false,
      why: `this Node (${process.version}, ${process.arch}) has no WebAssembly SIMD`,
      fix: 'run Node 20.19 or later on a processor with SIMD (x64 with SSE4.1, or arm64)',
    };
  }
  const noRoom = reserve();
  if (noRoom !== undefined) {
    return {
      ok: false,
      why: `the memory that WebAssembly needs cannot be reserved: ${noRoom}`,
      fix: 'take off the limit of address space (ulimit -v unlimited), or allow more; 16 GB are enough',
    };
  }
  return {
    ok: true,
    info: {simd: true, relaxedSimd, wideSimd, threads},
    devices: [{name: os.cpus()[0]?.model.trim() ?? process.arch, memoryBytes: Math.min(memory.value, addressable)}],
  };
}
