import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import type {Native} from 'gan-plugin-wasm/dist/native.js';

/** The instruction sets that kernels are compiled for, the widest first; the first two have products of bfloat16 only. */
export const instructionSets = ['amx', 'avx512bf16', 'avx512', 'avx2', 'portable'] as const;
export type InstructionSet = (typeof instructionSets)[number];

/** What kernels/addon.cc exports. */
export interface Addon {
  /** The instruction set that `open` takes: the widest of this processor, or of those from `widest` on. */
  isa(widest?: InstructionSet, bf16?: boolean): InstructionSet;
  /**
   * The kernels, on a heap whose address never changes; `close` ends their threads.
   * @param bf16 the factors of products are rounded to bfloat16
   */
  open(heap: Uint8Array, threads: number, widest?: InstructionSet, bf16?: boolean): Partial<Native> & {close(): void};
}

/** What multiplies numbers of bfloat16, for people. */
export function bf16By(addon: Addon, widest?: InstructionSet): string {
  const isa = addon.isa(widest, true);
  return isa === 'amx' ? 'AMX' : isa === 'avx512bf16' ? 'AVX512-BF16' : `emulation (${isa})`;
}

/** Where build.mjs puts it. */
const file = fileURLToPath(new URL('../dist/native.node', import.meta.url));

/** Why the kernels cannot run here, and what helps. */
export interface Absence {
  why: string;
  fix: string;
}

/** Why the addon is not to be loaded, if so; cheap. */
export function absence(): Absence | undefined {
  if (process.env['GAN_NATIVE'] === 'off') return {why: 'GAN_NATIVE=off leaves it out', fix: 'unset GAN_NATIVE'};
  if (existsSync(file)) return undefined;
  return {
    why: 'its kernels are not compiled: there was no C++ compiler when the package was built',
    fix: 'install g++ or clang++, then run npm run build -w gan-plugin-native; until then --backend wasm',
  };
}

/** @throws Error if the addon is for another platform, or broken */
export function loadAddon(): Addon {
  return createRequire(import.meta.url)(file) as Addon;
}
