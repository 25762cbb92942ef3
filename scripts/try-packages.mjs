// Installs packed packages as a user does, where no compiler is asked for, and tries their backend `native`: the release
// workflow does so on every system before it publishes. Needs npm's registry for the other packages.
//
//     node scripts/try-packages.mjs FOLDER    the .tgz files of `npm pack --workspaces --include-workspace-root`
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

const packages = path.resolve(process.argv[2] ?? 'packages');
/** What `npm install gankit` brings. */
const installed = /^gan(kit|-plugin-(wasm|native|tensorflow))-\d.*\.tgz$/;
const tarballs = readdirSync(packages)
  .filter((name) => installed.test(name))
  .map((name) => path.join(packages, name));
if (tarballs.length !== 4)
  throw new Error(`${packages}: wanted gankit and three plug-ins, found ${tarballs.join(', ')}`);

const home = mkdtempSync(path.join(tmpdir(), 'gan-packages-'));
const project = path.join(home, 'project');
/** Fails where the command does. */
function run(command, args, shell = false) {
  const {status, stdout, error} = spawnSync(command, args, {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...process.env, CXX: 'none'},
    shell,
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${stdout}`);
  return stdout;
}
const gan = (...args) => {
  const said = run(process.execPath, [path.join('node_modules', 'gankit', 'bin', 'run.js'), ...args]);
  console.log(`ok     gan ${args.join(' ')}`);
  return said;
};

try {
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{"private": true}');
  run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], process.platform === 'win32');
  const lines = gan('backends', '--json').trim().split('\n');
  const native = lines.map((line) => JSON.parse(line)).find(({name}) => name === 'native');
  console.log(`       ${JSON.stringify(native.probe)}`);
  gan('doctor');
  gan('backends', 'test', 'native');
  gan('fit', '--recipe', 'quick', '--steps', '20', '--backend', 'native', '--out', 'run');
  gan('fit', '--resume', 'run', '--steps', '30');
} finally {
  rmSync(home, {recursive: true, force: true});
}
