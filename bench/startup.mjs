// How long `gan` takes to start, beside Node alone (`node -e 0`) and an empty oclif CLI of the same oclif: `--version`,
// the help, and the smallest training by the wasm and by the native backend, alternating, each so often (argument 1;
// 20). Medians of wall clock and of processor time, and the ratios: `--version` is to stay below 3 times Node alone.
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {cpus, tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {median} from '../dist/bench/statistics.js';

const rounds = Number(process.argv[2] ?? 20);
const require = createRequire(import.meta.url);
const {version} = require('@oclif/core/package.json');
const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'gan-bench-')));

/** What `oclif generate` leaves without its example commands, and with one. */
mkdirSync(path.join(home, 'commands'));
mkdirSync(path.join(home, 'node_modules/@oclif'), {recursive: true});
symlinkSync(
  path.dirname(require.resolve('@oclif/core/package.json')),
  path.join(home, 'node_modules/@oclif/core'),
  'junction',
);
writeFileSync(
  path.join(home, 'package.json'),
  JSON.stringify({
    name: 'empty',
    version: '0.1.0',
    type: 'module',
    oclif: {bin: 'empty', dirname: 'empty', commands: './commands', topicSeparator: ' '},
  }),
);
writeFileSync(
  path.join(home, 'run.js'),
  "import {execute} from '@oclif/core';\n\nawait execute({dir: import.meta.url});\n",
);
writeFileSync(
  path.join(home, 'commands/hello.js'),
  "import {Command} from '@oclif/core';\n\nexport default class Hello extends Command {\n  static summary = 'Hello.';\n  async run() {\n    this.log('hello');\n  }\n}\n",
);

writeFileSync(path.join(home, 'nothing.cjs'), '');

const programs = {
  node: path.join(home, 'nothing.cjs'),
  empty: path.join(home, 'run.js'),
  gan: fileURLToPath(new URL('../bin/run.js', import.meta.url)),
};
const env = {
  ...process.env,
  GAN_DATA_DIR: path.join(home, 'data'),
  GAN_CACHE_DIR: path.join(home, 'cache'),
  XDG_DATA_HOME: path.join(home, 'data'),
};
delete env.NODE_EXTRA_CA_CERTS; // Node 20 reads them at every start, which takes as long as all else in `node -e 0`

function measure(program, args) {
  const start = performance.now();
  const {status, stderr} = spawnSync(process.execPath, ['--require', usage, program, ...args], {env, encoding: 'utf8'});
  if (status !== 0) throw new Error(stderr);
  return {wall: performance.now() - start, cpu: Number(/cpu (\d+)/.exec(stderr)[1]) / 1000};
}

/** The processor time of a child, as it says itself when it ends. */
const usage = path.join(home, 'usage.cjs');
writeFileSync(
  usage,
  "process.on('exit', () => {\n  const {user, system} = process.cpuUsage();\n  process.stderr.write(`cpu ${user + system}\\n`);\n});\n",
);

const run = path.join(home, 'run');
const small = '--size 16 --set arch.nFeatures=4 --latent 8 --batch-size 8 --set source.count=52 --steps 1 --quiet';
const fit = (backend) => ['fit', '--backend', backend, ...small.split(' '), '--out', run];
const all = Object.keys(programs);
const commands = [
  ['--version', ['--version'], all],
  ['--help', ['--help'], all],
  ['fit, wasm', fit('wasm'), ['node', 'gan']],
  ['fit, native', fit('native'), ['node', 'gan']],
];

try {
  console.log(`oclif ${version}, node ${process.version}, ${cpus()[0].model}, ${rounds} rounds`);
  for (const [title, args, names] of commands) {
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++)
      for (const name of names) {
        const time = measure(programs[name], args);
        rmSync(run, {recursive: true, force: true});
        if (round > 0) times[name].push(time); // the first warms the caches
      }
    for (const kind of ['wall', 'cpu']) {
      const medians = names.map((name) => median(times[name].map((time) => time[kind])));
      const texts = names.map((name, i) => `${name} ${medians[i].toFixed(0)} ms`);
      console.log(
        `${title.padEnd(11)} ${kind}: ${texts.join(', ')}: ${(medians.at(-1) / medians[0]).toFixed(2)} times node`,
      );
    }
  }
} finally {
  rmSync(home, {recursive: true});
}
