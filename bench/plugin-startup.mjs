// What installed plug-ins cost at the start of the command line: `gan --version` and `gan parts backend` without any
// and with many (argument 1; 50), alternating, each so often (argument 2; 25). Medians, and the difference. The
// plug-ins are such as `gan plugins create` writes: two parts each, and every second one a command, of which `gan
// plugins install` keeps a list.
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {Plugin} from '@oclif/core';
import {writeManifest} from '../dist/cli/plugins/plugin-packages.js';
import {median} from '../dist/bench/statistics.js';

const [count, rounds] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 25)];
const run = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), 'gan-bench-'));
const dirs = {none: path.join(home, 'none'), many: path.join(home, 'many')};

async function install(dir, name, i) {
  const root = path.join(dir, 'node_modules', name);
  mkdirSync(path.join(root, 'dist/commands'), {recursive: true});
  const withCommand = i % 2 === 0;
  const gan = {api: 1, switchers: {[`switcher-${i}`]: './dist/switcher.js'}, losses: {[`loss-${i}`]: './dist/loss.js'}};
  writeFileSync(
    path.join(root, 'package.json'),
    JSON.stringify({
      name,
      version: '1.0.0',
      type: 'module',
      gan,
      oclif: withCommand ? {commands: './dist/commands'} : {},
    }),
  );
  if (withCommand)
    writeFileSync(
      path.join(root, 'dist/commands', `hello-${i}.js`),
      `export default class Hello {static summary = 'Hello.'; static flags = {}; static args = {}; static async run() {}}`,
    );
  for (const kind of ['switcher', 'loss'])
    writeFileSync(path.join(root, 'dist', `${kind}.js`), 'export default () => {};');
  const plugin = new Plugin({root, type: 'user', name});
  await plugin.load();
  writeManifest(plugin);
  return {type: 'user', name, tag: 'latest'};
}

for (const dir of Object.values(dirs)) mkdirSync(dir);
const plugins = [];
for (let i = 0; i < count; i++) plugins.push(await install(dirs.many, `gan-plugin-bench-${i}`, i));
writeFileSync(path.join(dirs.many, 'package.json'), JSON.stringify({private: true, oclif: {schema: 1, plugins}}));

function milliseconds(args, dir) {
  const start = performance.now();
  const {status, stderr} = spawnSync(process.execPath, [run, ...args], {
    env: {...process.env, GAN_DATA_DIR: dir, GAN_CACHE_DIR: path.join(home, 'cache')},
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}

try {
  for (const args of [['--version'], ['parts', 'backend']]) {
    const times = {none: [], many: []};
    for (let round = 0; round <= rounds; round++)
      for (const which of Object.keys(dirs)) {
        const time = milliseconds(args, dirs[which]);
        if (round > 0) times[which].push(time); // the first warms the caches
      }
    const [none, many] = [median(times.none), median(times.many)];
    console.log(
      `gan ${args.join(' ')}: ${none.toFixed(0)} ms without plug-ins, ${many.toFixed(0)} ms with ${count}: ${(many - none).toFixed(0)} ms more`,
    );
  }
} finally {
  rmSync(home, {recursive: true});
}
