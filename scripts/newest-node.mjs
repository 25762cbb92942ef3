// Runs what depends on Node on the newest Node that npm has: what uses its WebAssembly and threads, and the suites of
// files, endings and plug-ins in test/reliability. `npm run test:newest-node [-- FILES]`
// `node scripts/newest-node.mjs --install FOLDER` only installs it, where GAN_TEST_NEWEST_NODE=FOLDER finds it.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

const platform = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${platform}-${process.arch}`;
const standard = [
  'test/plugins/wasm/*.test.ts',
  'test/golden/golden.test.ts',
  'test/runs/resume.test.ts',
  'test/e2e/weights.test.ts',
  'test/reliability/*.test.ts',
];

/** The program, when it is installed in the folder. */
const nodeIn = (folder) =>
  path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function install(folder) {
  const {status} = spawnSync(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, name],
    {stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32'},
  );
  if (status !== 0) throw new Error(`npm could not install ${name}`);
}

function test(node, files) {
  const {stdout} = spawnSync(node, ['--version'], {encoding: 'utf8'});
  console.log(`Node ${stdout.trim()}`);
  const tests = spawnSync(node, [path.join('node_modules', 'mocha', 'bin', 'mocha.js'), '--parallel', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      GAN_TEST_CASES: process.env.GAN_TEST_CASES ?? '50',
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
    },
  });
  process.exitCode = tests.status ?? 1;
}

const given = process.argv.slice(2);
if (given[0] === '--install') {
  install(given[1]);
} else {
  const installed = process.env.GAN_TEST_NEWEST_NODE;
  const folder = installed ?? mkdtempSync(path.join(tmpdir(), 'newest-node-'));
  try {
    if (!existsSync(nodeIn(folder))) install(folder);
    test(nodeIn(folder), given.length > 0 ? given : standard);
  } finally {
    if (installed === undefined) rmSync(folder, {recursive: true, force: true});
  }
}
