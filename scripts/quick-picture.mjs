// `node scripts/quick-picture.mjs [SEED...]` makes docs/images/quick.png, a picture of the README: `gan fit` without a word, the
// training's first 36 images, its figures against 4,000 fresh shapes, the time and the machine. With seeds it prints the figures of
// each and leaves the picture. The runs stay in runs/quick.
import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const gan = (...args) => {
  const {status, stdout} = spawnSync(process.execPath, ['bin/run.js', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
};

const seeds = process.argv.slice(2);
for (const seed of seeds.length > 0 ? seeds : ['0']) {
  const run = `runs/quick/${seed}`;
  rmSync(new URL(`../${run}`, import.meta.url), {recursive: true, force: true});
  const began = performance.now();
  gan('fit', '--seed', seed, '--out', run, '--quiet');
  const seconds = (performance.now() - began) / 1000;
  if (seeds.length === 0) gan('generate', run, '--n', '36', '--seed', '1', '--out', 'docs/images/quick.png', '--quiet');
  console.log(`seed ${seed}: ${seconds.toFixed(0)} s; ${cpus()[0]?.model}, ${cpus().length} cores`);
  console.log(gan('evaluate', run, '--metrics', 'fd,precision,recall,coverage,checkerboard', '--images', '4000'));
}
