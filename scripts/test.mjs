// `npm test`: builds if something changed, then runs the tests: those of the library on its modules one by one, of which coverage tells, all
// others on what is published, where modules are joined. Types and lint are checked beside the tests, one after the
// other; their output follows that of the tests. The exit code is 1 when any of them fails.
import {spawn} from 'node:child_process';
import {isCurrent} from './joined.mjs';

/** Runs a script of package.json; `beside` others, its output is kept until it has ended. */
function npmRun(name, {beside = false} = {}) {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', name], {
    stdio: beside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      resolve({name, ok: code === 0, seconds, output: Buffer.concat(output)});
    });
  });
}

async function inOrder(names, options) {
  const ends = [];
  for (const name of names) ends.push(await npmRun(name, options));
  return ends;
}

const builds = isCurrent() ? [] : [await npmRun('build:apart')];
if (!builds.every(({ok}) => ok)) process.exit(1);
const checks = inOrder(['types', 'lint'], {beside: true});
const ends = [...builds, ...(await inOrder(['test:library', 'join', 'test:rest']))];
for (const end of await checks) {
  process.stdout.write(end.output);
  ends.push(end);
}
for (const {name, ok, seconds} of ends) console.log(`${ok ? 'ok    ' : 'failed'} ${name} (${seconds} s)`);
if (!ends.every(({ok}) => ok)) process.exitCode = 1;
