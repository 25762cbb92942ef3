/**
 * Builds the kernels as C++ for the CPU: every variant of every source, each in a namespace of its own, in one library.
 */
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import type {KernelSource} from '../../../../plugins/cuda/src/gpu.js';

const run = promisify(execFile);
const here = import.meta.dirname;

/** As many compilers run at the same time. */
const units = 4;

/** The kernels of a source: its functions with external C names. */
export const entriesOf = ({text}: KernelSource): string[] =>
  [...text.matchAll(/^KERNEL void (\w+)\(/gm)].map(([, name]) => name!);

/** A source inside a namespace. Its macros end with it. */
export function inNamespace({text}: KernelSource, name: string, kernel: string): string {
  const macros = new Set([...text.matchAll(/^#define (\w+)/gm)].map(([, macro]) => macro!));
  return [
    `#define KERNEL ${kernel}`,
    `namespace ${name} {`,
    text,
    '}',
    ...[...macros].map((macro) => `#undef ${macro}`),
    '',
  ].join('\n');
}

/**
 * What tells the variant with 64-bit indices for arrays of all sizes from the one that takes them for large ones only.
 */
export const wideSuffix = ' (64-bit indices)';

/** So many variants of each file are enough: they differ in the operation and the type. */
const widePerFile = 4;

/** Variants with 64-bit indices of the files whose kernels choose between those and 32-bit ones. */
export function wideVariants(sources: readonly KernelSource[]): KernelSource[] {
  const fileOf = ({name}: KernelSource): string => name.split('/')[0]!;
  const choosing = sources.filter(({text}) => /< SMALL\b/.test(text));
  const some = choosing.filter(
    (source) => choosing.filter((one) => fileOf(one) === fileOf(source)).indexOf(source) < widePerFile,
  );
  return some.map(({name, text}) => ({name: name + wideSuffix, text: `#define SMALL 0LL\n${text}`}));
}

function unit(sources: readonly KernelSource[], number: number): string {
  const names = sources.map((_, i) => `source${number}_${i}`);
  const bodies = sources.map((source, i) => inNamespace(source, names[i]!, 'static'));
  const rows = sources.flatMap((source, i) =>
    entriesOf(source).map((entry) => {
      const callable = `Callable<&${names[i]!}::${entry}>`;
      return `  {"${source.name}", "${entry}", ${callable}::call, ${callable}::kinds, ${callable}::sizes, ${source.text.includes('__syncthreads')}},`;
    }),
  );
  return [
    '#include "shim.h"',
    ...bodies,
    `extern const KernelEntry table${number}[] = {`,
    ...rows,
    '  {}',
    '};',
    '',
  ].join('\n');
}

/** Sanitizers of g++ that look at the kernels in replay.cpp. */
export type Sanitizer = 'address,undefined' | 'thread';

/** The path of the library; from an earlier time where nothing has changed. */
export const compileEmulator = (sources: readonly KernelSource[]): Promise<string> =>
  build(sources, ['emulator.cpp', 'products.cpp'], 'emulator.so', ['-fPIC'], ['-shared']);

/** A program that runs a trace with a sanitizer. */
export function compileReplay(sources: readonly KernelSource[], sanitizer: Sanitizer): Promise<string> {
  const flags = [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all', '-g1', '-pthread'];
  return build(sources, ['replay.cpp'], 'replay', [...flags, '-DREAL_THREADS'], flags);
}

/** Compiles the sources and files of this folder, and links them. */
async function build(
  sources: readonly KernelSource[],
  ownFiles: readonly string[],
  result: string,
  flags: readonly string[],
  linkFlags: readonly string[],
): Promise<string> {
  const own = ['shim.h', ...ownFiles].map((file) => readFileSync(path.join(here, file), 'utf8'));
  const groups = Array.from({length: units}, (_, n) => sources.filter((_source, i) => i % units === n));
  const texts = groups.map(unit);
  const key = createHash('sha256')
    .update([...own, ...texts, ...flags].join('\0'))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(tmpdir(), `gan-cuda-emulator-${key}`);
  const library = path.join(folder, result);
  if (existsSync(library)) return library;
  const building = `${folder}-${process.pid}`;
  mkdirSync(building, {recursive: true});
  const tables = texts.map((_, n) => `table${n}`);
  const files = new Map(texts.map((text, n) => [`unit${n}.cpp`, text]));
  files.set(
    'tables.cpp',
    [
      '#include "shim.h"',
      ...tables.map((table) => `extern const KernelEntry ${table}[];`),
      `extern const KernelEntry *const tables[] = {${[...tables, 'nullptr'].join(', ')}};`,
      '',
    ].join('\n'),
  );
  for (const [file, text] of files) writeFileSync(path.join(building, file), text);
  const compile = (file: string, level: string): Promise<unknown> =>
    run('g++', [
      '-std=c++17',
      level,
      ...flags,
      '-ffp-contract=off',
      '-w',
      `-I${here}`,
      '-c',
      file,
      '-o',
      path.join(building, `${path.basename(file)}.o`),
    ]);
  await Promise.all([
    ...[...files.keys()].map((file) => compile(path.join(building, file), '-O1')),
    ...ownFiles.map((file) => compile(path.join(here, file), '-O2')),
  ]);
  const objects = [...files.keys(), ...ownFiles].map((file) => path.join(building, `${file}.o`));
  await run('g++', [...linkFlags, '-o', path.join(building, result), ...objects]);
  rmSync(folder, {recursive: true, force: true});
  renameSync(building, folder);
  return library;
}
