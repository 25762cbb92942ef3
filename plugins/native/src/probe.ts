import os from 'node:os';
import type {Probe} from 'gankit/plugin';
import {absence, loadAddon} from './addon.js';
import type {Settings} from './settings.js';

/** WebAssembly's addresses have 32 bits, and the tensors are on its heap. */
const addressable = 2 ** 32;

/** Checks whether the kernels are there and can be loaded. */
export async function probe({threads, widest}: Settings): Promise<Probe> {
  const absent = absence();
  if (absent) return {ok: false, ...absent};
  try {
    const isa = loadAddon().isa(widest);
    const limit = process.constrainedMemory();
    const memory = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
    return {
      ok: true,
      info: {isa, threads},
      devices: [{name: os.cpus()[0]?.model.trim() ?? process.arch, memoryBytes: Math.min(memory, addressable)}],
    };
  } catch (error) {
    return {
      ok: false,
      why: `its kernels cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'npm run build -w gan-plugin-native, or --backend wasm',
    };
  }
}
