import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Native} from 'gan-plugin-wasm/dist/native.js';

/** The instruction sets that kernels are compiled for, the widest first; the first two are those of bfloat16 only. */
export const instructionSets = ['amx', 'avx512bf16', 'avx512', 'avx2', 'portable'] as const;
export type InstructionSet = (typeof instructionSets)[number];

/** What kernels/addon.cc exports. */
export interface Addon {
  /** The instruction set that `open` takes: the widest of this processor, or of those from `widest` on. */
  isa(widest?: InstructionSet): InstructionSet;
  /** That of products of bfloat16; undefined where there are none. */
  isa(widest: InstructionSet | undefined, bf16: true): InstructionSet | undefined;
  /**
   * The kernels, on a heap whose address never changes; `close` ends their threads.
   * @param bf16 the factors of products are rounded to bfloat16
   */
  open(heap: Uint8Array, threads: number, widest?: InstructionSet, bf16?: boolean): Partial<Native> & {close(): void};
}

/** What multiplies numbers of bfloat16, for people; undefined where nothing does. */
export function bf16By(addon: Addon, widest?: InstructionSet): string | undefined {
  const isa = addon.isa(widest, true);
  return isa && (isa === 'amx' ? 'AMX' : 'AVX512-BF16');
}

/** Why `--precision bf16` cannot be had, if so. */
export function bf16Absence(addon: Addon, widest?: InstructionSet): Absence | undefined {
  if (bf16By(addon, widest) !== undefined) return undefined;
  if (bf16By(addon) !== undefined)
    return {why: `bf16 needs AVX512-BF16 or AMX, and isa ${widest} leaves them out`, fix: 'leave out isa'};
  return {
    why: 'bf16 needs a processor with AVX512-BF16 or AMX-BF16, and kernels that were compiled for it by g++ 11, clang 12 or later',
    fix: '--precision fp32',
  };
}

/** The folder of this package. */
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** The processor and system of a process, as far as it decides which addon can be loaded. */
export interface Host {
  platform: string;
  arch: string;
  /** True if the C library is musl, as on Alpine; Node's own builds for Linux are of glibc, and say which. */
  musl: boolean;
}

let known: Host | undefined;
function thisHost(): Host {
  return (known ??= readHost());
}

/** The report costs some milliseconds. */
function readHost(): Host {
  const {platform, arch} = process;
  if (platform !== 'linux') return {platform, arch, musl: false};
  const {header} = process.report.getReport() as {header: {glibcVersionRuntime?: string}};
  return {platform, arch, musl: header.glibcVersionRuntime === undefined};
}

/** The name of the folder for a host's addon: `linux-x64`, `linux-arm64-musl`. */
export const targetOf = ({platform, arch, musl}: Host): string => `${platform}-${arch}${musl ? '-musl' : ''}`;

/**
 * The addon in a package: the one that was compiled on this machine, else the one that the package brings for it.
 * @returns undefined if there is neither
 */
export function findAddon(folder: string = packageFolder, host: () => Host = thisHost): string | undefined {
  const own = path.join(folder, 'dist/native.node');
  if (existsSync(own)) return own;
  const brought = path.join(folder, 'prebuilds');
  if (!existsSync(brought)) return undefined;
  const file = path.join(brought, targetOf(host()), 'native.node');
  return existsSync(file) ? file : undefined;
}

/** Why the kernels cannot run here, and what helps. */
export interface Absence {
  why: string;
  fix: string;
}

/** True in a clone: what npm installs has no sources of the kernels. */
const hasSources = (folder: string): boolean => existsSync(path.join(folder, 'build-kernels.mjs'));

/** Why the addon of a package is not to be loaded, if so; cheap. */
export function absence(folder: string = packageFolder): Absence | undefined {
  if (process.env['GAN_NATIVE'] === 'off') return {why: 'GAN_NATIVE=off leaves it out', fix: 'unset GAN_NATIVE'};
  if (findAddon(folder) !== undefined) return undefined;
  if (!hasSources(folder)) return {why: `it brings no kernels for ${targetOf(thisHost())}`, fix: '--backend wasm'};
  const build =
    process.platform === 'win32'
      ? 'node plugins/native/build-kernels.mjs --target win32-x64, with zig on the path'
      : 'install g++ (11 or newer) or clang++ (14 or newer), then npm run build -w gan-plugin-native';
  return {
    why: 'its kernels are not compiled: there was no C++ compiler that could when the package was built',
    fix: `${build}; until then --backend wasm`,
  };
}

/** Why the kernels cannot be loaded although they are there: they are for another system, or broken. */
export const brokenAddon = (error: unknown): Absence => ({
  why: `its kernels cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
  fix: hasSources(packageFolder)
    ? `rm ${findAddon()}, then npm run build -w gan-plugin-native; until then --backend wasm`
    : '--backend wasm',
});

/** @throws Error if the addon is for another platform, or broken */
export function loadAddon(): Addon {
  return createRequire(import.meta.url)(findAddon() ?? path.join(packageFolder, 'dist/native.node')) as Addon;
}
