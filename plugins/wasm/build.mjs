// Compiles the kernels (AssemblyScript) and the plug-in (TypeScript) into dist; each only when its sources are newer.
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], {cwd: here, stdio: 'inherit'});
const changed = (file) => statSync(path.join(here, file)).mtimeMs;

const sources = ['build.mjs', ...readdirSync(path.join(here, 'assembly')).map((name) => path.join('assembly', name))];
/**
 * A module for every engine, one for those with relaxed SIMD (fused multiply-add), one for those that join vectors
 * besides.
 */
const relaxed = ['--enable', 'relaxed-simd'];
const binaries = {
  'dist/kernels.wasm': [],
  'dist/kernels-relaxed.wasm': relaxed,
  'dist/kernels-wide.wasm': [...relaxed, '--use', 'WIDE_SIMD=1'],
};
for (const [binary, features] of Object.entries(binaries)) {
  if (existsSync(path.join(here, binary)) && !sources.some((file) => changed(file) > changed(binary))) continue;
  // The memory is that of tfjs: imported, shared by threads, without a data segment and without an allocator of its
  // own.
  run(
    path.join(path.dirname(require.resolve('assemblyscript/package.json')), 'bin/asc.js'),
    'assembly/index.ts',
    '--outFile',
    binary,
    '--runtime',
    'stub',
    '--importMemory',
    '--sharedMemory',
    '--maximumMemory',
    '65536',
    '--enable',
    'simd',
    '--enable',
    'threads',
    ...features,
    '--noAssert',
    '-O3',
  );
}
run(path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.json');
