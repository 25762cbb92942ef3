// `node scripts/readme-pictures.mjs [NAME...]` makes the pictures at the top of the README: trains, draws docs/images/NAME.png
// and prints the command, its time and the machine. The runs stay in the folder `runs/readme`.
import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';

/** What is trained, by the name of its picture. */
const trainings = {
  quick: ['fit'],
  'fashion-mnist': ['fit', 'builtin:fashion-mnist', '--recipe', 'light', '--size', '32', '--steps', '26000'],
};
const images = 36;

const root = fileURLToPath(new URL('..', import.meta.url));
const gan = (...args) => {
  const {status} = spawnSync(process.execPath, ['bin/run.js', ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(trainings, name));
if (unknown !== undefined) {
  console.error(`There is no picture '${unknown}'. There are: ${Object.keys(trainings).join(', ')}.`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : Object.keys(trainings)) {
  const run = `runs/readme/${name}`;
  rmSync(new URL(`../${run}`, import.meta.url), {recursive: true, force: true});
  const began = performance.now();
  gan(...trainings[name], '--out', run);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  gan('generate', run, '--n', String(images), '--seed', '1', '--out', `docs/images/${name}.png`, '--quiet');
  console.log(
    `${name}: gan ${trainings[name].join(' ')}; ${minutes} minutes; ${cpus()[0]?.model}, ${cpus().length} cores`,
  );
}
