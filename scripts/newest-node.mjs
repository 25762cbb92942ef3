// Runs what depends on Node on the newest Node that npm has: what uses its WebAssembly and threads, and the suites of
// files, endings and plug-ins in test/reliability. `npm run test:newest-node [-- FILES]`
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

const platform = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${platform}-${process.arch}`;
const given = process.argv.slice(2);
const standard = [
  'test/plugins/wasm/*.test.ts',
  'test/golden/golden.test.ts',
  'test/runs/resume.test.ts',
  'test/e2e/weights.test.ts',
  'test/reliability/*.test.ts',
];
const files = given.length > 0 ? given : standard;

const folder = mkdtempSync(path.join(tmpdir(), 'newest-node-'));
try {
  const install = spawnSync(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, name],
    {stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32'},
  );
  if (install.status !== 0) throw new Error(`npm could not install ${name}`);
  const node = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
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
} finally {
  rmSync(folder, {recursive: true, force: true});
}
