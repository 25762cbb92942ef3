// Compiles the kernels into dist/native.node when their sources are newer. Where there is no C++ compiler, or one that cannot
// compile them, one line says so, and the backend says that it cannot run. CXX names the compiler.
//
//     node build-kernels.mjs [--target PLATFORM-ARCH[-musl] [--zig COMMAND]]
//
// With --target it compiles for a platform, by what zig has for each, into prebuilds/TARGET/native.node. It then fails where
// something cannot be compiled.
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const at = (...parts) => path.join(here, ...parts);
const {include_dir: headers, def_paths: definitions} = require('node-api-headers');

/** What zig calls the platforms of the packages on npm; Node 20 needs glibc 2.28, macOS 11. */
const targets = {
  'linux-x64': 'x86_64-linux-gnu.2.28',
  'linux-arm64': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
  'win32-x64': 'x86_64-windows-gnu',
};
const {target, zig} = parseArgs({
  options: {target: {type: 'string'}, zig: {type: 'string', default: 'zig'}},
}).values;
if (target !== undefined && !(target in targets)) {
  console.error(`--target: wanted one of ${Object.keys(targets).join(', ')}`);
  process.exit(2);
}

const [platform, arch] = (target ?? `${process.platform}-${process.arch}`).split('-');
const zigCommand = zig.split(' ');
const compiler = target ? [...zigCommand, 'c++', '-target', targets[target]] : (process.env.CXX || 'c++').split(' ');
/**
 * Sums are rounded as they are written (no contraction: kernels say where they want fused multiply-add), and roots set
 * no errno, which would keep them from being vectors.
 */
const flags = [
  ...['-std=c++17', '-O3', '-fPIC', '-fvisibility=hidden'],
  ...['-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math'],
  // zig adds a sanitizer by default
  ...(target ? ['-fno-sanitize=all', '-DNDEBUG', '-w'] : []),
  ...(process.env.GAN_NATIVE_FLAGS?.split(' ') ?? []),
];
const avx2 = ['-mavx2', '-mfma'];
const avx512 = [...avx2, '-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mprefer-vector-width=512'];
const avx512bf16 = [...avx512, '-mavx512bf16'];
/** The instruction sets of the kernels, and the flags that each needs. */
const sets = {portable: [], ...(arch === 'x64' && {avx2, avx512})};
/** Those whose products have factors of bfloat16; older compilers do not know them. */
const halves = arch === 'x64' ? {avx512bf16, amx: [...avx512bf16, '-mamx-tile', '-mamx-bf16']} : {};
const isKnown = (own) =>
  spawnSync(compiler[0], [...compiler.slice(1), ...own, '-E', '-x', 'c++', '-'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    input: '',
  }).status === 0;

const run = (command, ...args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {cwd: at('kernels'), stdio: ['ignore', 'ignore', 'pipe']});
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said.trim() || `exit code ${code}`))));
  });
const compile = (...args) => run(...compiler, ...args);

/** What the linker is told, best first: the functions of Node-API are those of the process that loads the addon. */
async function linking(objects) {
  if (platform === 'darwin') return [['-undefined', 'dynamic_lookup']];
  // The addon brings the C++ library along, so that it does not ask for one as new as the compiler. Not every system has it.
  if (platform === 'linux')
    return target ? [['-pthread', '-s']] : [['-pthread', '-static-libstdc++', '-static-libgcc'], ['-pthread']];
  const library = path.join(objects, 'node.lib');
  await run(
    ...zigCommand,
    'dlltool',
    '-m',
    'i386:x86-64',
    '-D',
    'node.exe',
    '-d',
    definitions.node_api_def,
    '-l',
    library,
  );
  return [[library, '-s']];
}

/** Compiles the addon, and puts it in its place when it is whole. */
async function buildAddon(addon) {
  const objects = path.join(path.dirname(addon), 'objects');
  mkdirSync(objects, {recursive: true});
  const object = (name) => path.join(objects, `${name}.o`);
  const extra = Object.entries(halves).filter(([, own]) => target !== undefined || isKnown(own));
  const defines = extra.map(([name]) => `-DGAN_${name.toUpperCase()}`);
  // all of them end before anything is tidied up
  const ends = await Promise.allSettled([
    ...Object.entries(sets).map(([name, own]) =>
      compile(...flags, ...own, `-DGAN_ISA=${name}`, '-c', 'isa.cc', '-o', object(name)),
    ),
    ...extra.map(([name, own]) => compile(...flags, ...own, `-DGAN_ISA=${name}`, '-c', 'half.cc', '-o', object(name))),
    compile(...flags, '-c', 'pool.cc', '-o', object('pool')),
    compile(...flags, ...defines, `-I${headers}`, '-c', 'addon.cc', '-o', object('addon')),
  ]);
  const failed = ends.find(({status}) => status === 'rejected');
  if (failed) throw failed.reason;
  const made = `${addon}.${process.pid}`;
  const names = [...Object.keys(sets), ...extra.map(([name]) => name), 'pool', 'addon'];
  const link = (args) => compile('-shared', ...flags, '-o', made, ...names.map(object), ...args);
  const [best, ...others] = await linking(objects);
  await others.reduce((linked, args) => linked.catch(() => link(args)), link(best));
  renameSync(made, addon);
  rmSync(objects, {recursive: true});
}

/** The addon of this machine, if its sources are newer. */
async function buildOwn() {
  const addon = at('dist', 'native.node');
  const sources = [at('build-kernels.mjs'), ...readdirSync(at('kernels')).map((name) => at('kernels', name))];
  if (existsSync(addon) && !sources.some((file) => statSync(file).mtimeMs > statSync(addon).mtimeMs)) return;
  rmSync(addon, {force: true}); // what is not built now does not fit the package any more
  if (platform === 'win32' || spawnSync(compiler[0], ['--version']).status !== 0) {
    console.log('gan-plugin-native: no C++ compiler, so its kernels are not built; --backend wasm computes on the CPU');
    return;
  }
  await buildAddon(addon).catch(({message}) => {
    const why = message.split('\n').find((line) => /error/i.test(line)) ?? message.split('\n')[0];
    console.log(
      `gan-plugin-native: ${compiler.join(' ')} cannot compile its kernels, so they are not built (${why.trim()}); ` +
        '--backend wasm computes on the CPU. They need g++ 11 or clang 14, which CXX names',
    );
    rmSync(at('dist', 'objects'), {recursive: true, force: true});
  });
}

if (target) await buildAddon(at('prebuilds', target, 'native.node'));
else await buildOwn();
