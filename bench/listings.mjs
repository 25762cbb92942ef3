// How long `gan backends` and `gan doctor` take on this machine, alternating, each so often (argument 1; 15). Medians
// of the wall clock; both are to stay below a second. doctor may find something, and end with 1 or 4.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {median} from '../dist/bench/statistics.js';

const rounds = Number(process.argv[2] ?? 15);
const run = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), 'gan-bench-'));
const env = {...process.env, GAN_DATA_DIR: path.join(home, 'data'), GAN_CACHE_DIR: path.join(home, 'cache')};
const times = {backends: [], doctor: []};
try {
  for (let round = 0; round <= rounds; round++)
    for (const command of Object.keys(times)) {
      const start = performance.now();
      const {status, stderr} = spawnSync(process.execPath, [run, command], {env, encoding: 'utf8'});
      if (![0, 1, 4].includes(status)) throw new Error(stderr);
      if (round > 0) times[command].push(performance.now() - start); // the first warms the caches
    }
  console.log(
    `node ${process.version}, ${rounds} rounds: ${Object.entries(times)
      .map(([command, all]) => `gan ${command} ${median(all).toFixed(0)} ms`)
      .join(', ')}`,
  );
} finally {
  rmSync(home, {recursive: true});
}
