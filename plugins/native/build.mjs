// Compiles the kernels (C++) and the plug-in (TypeScript) into dist; the kernels only when their sources are newer. Where
// there is no C++ compiler, one line says so, and the backend says that it cannot run. CXX names the compiler.
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const at = (...parts) => path.join(here, ...parts);

const addon = at('dist', 'native.node');
const sources = [at('build.mjs'), ...readdirSync(at('kernels')).map((name) => at('kernels', name))];
const isNew = existsSync(addon) && !sources.some((file) => statSync(file).mtimeMs > statSync(addon).mtimeMs);

const compiler = process.env.CXX ?? 'c++';
/**
 * Sums are rounded as they are written (no contraction: kernels say where they want fused multiply-add), and roots set
 * no errno, which would keep them from being vectors.
 */
const flags = [
  ...['-std=c++17', '-O3', '-fPIC', '-fvisibility=hidden'],
  ...['-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math'],
  ...(process.env.GAN_NATIVE_FLAGS?.split(' ') ?? []),
];
const avx2 = ['-mavx2', '-mfma'];
const avx512 = [
  ...avx2,
  ...['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mprefer-vector-width=512'],
];
const avx512bf16 = [...avx512, '-mavx512bf16'];
/** The instruction sets of the kernels, and the flags that each needs. */
const sets = {portable: [], ...(process.arch === 'x64' && {avx2, avx512})};
/** Those that have products of bfloat16 only; older compilers do not know them. */
const halfSets = process.arch === 'x64' ? {avx512bf16, amx: [...avx512bf16, '-mamx-tile', '-mamx-bf16']} : {};
const isKnown = (own) => spawnSync(compiler, [...own, '-E', '-x', 'c++', '/dev/null'], {stdio: 'ignore'}).status === 0;

const compile = (...args) =>
  new Promise((resolve, reject) => {
    const child = spawn(compiler, args, {cwd: at('kernels'), stdio: ['ignore', 'ignore', 'pipe']});
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said.split('\n').slice(0, 8).join('\n')))));
  });

async function buildAddon() {
  const objects = at('dist', 'objects');
  mkdirSync(objects, {recursive: true});
  const object = (name) => path.join(objects, `${name}.o`);
  const {include_dir: headers} = require('node-api-headers');
  const extra = Object.entries(halfSets).filter(([, own]) => isKnown(own));
  const defines = extra.map(([name]) => `-DGAN_${name.toUpperCase()}`);
  const halves = [
    ...Object.entries(sets).map(([name, own]) => ({name, own, base: name})),
    ...extra.map(([name, own]) => ({name, own, base: 'avx512'})),
  ];
  await Promise.all([
    ...Object.entries(sets).map(([name, own]) =>
      compile(...flags, ...own, `-DGAN_ISA=${name}`, '-c', 'isa.cc', '-o', object(name)),
    ),
    ...halves.map(({name, own, base}) => {
      const names = [`-DGAN_ISA=half_${name}`, `-DGAN_BASE=${base}`];
      return compile(...flags, ...own, ...names, '-c', 'half.cc', '-o', object(`half_${name}`));
    }),
    compile(...flags, '-c', 'pool.cc', '-o', object('pool')),
    compile(...flags, ...defines, `-I${headers}`, '-c', 'addon.cc', '-o', object('addon')),
  ]);
  const made = `${addon}.${process.pid}`;
  const names = [...Object.keys(sets), ...halves.map(({name}) => `half_${name}`), 'pool', 'addon'];
  const open = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-pthread'];
  await compile('-shared', ...flags, '-o', made, ...names.map(object), ...open);
  renameSync(made, addon);
  rmSync(objects, {recursive: true});
}

execFileSync(
  process.execPath,
  [path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc'), '-p', 'tsconfig.json'],
  {cwd: here, stdio: 'inherit'},
);
if (!isNew) {
  if (process.platform === 'win32' || spawnSync(compiler, ['--version']).status !== 0) {
    console.log('gan-plugin-native: no C++ compiler, so its kernels are not built; --backend wasm computes on the CPU');
  } else {
    await buildAddon().catch((error) => {
      console.log(`gan-plugin-native: its kernels are not built; --backend wasm computes on the CPU\n${error.message}`);
    });
  }
}
