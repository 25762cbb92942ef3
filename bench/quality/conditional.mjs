// Does a conditional generator make what it is asked for? `node bench/quality/conditional.mjs [--run DIR] [--steps N] [--n N] [--out FILE.png]`
// trains on Fashion-MNIST by its classes (or takes a run that is trained already), and a classifier on the real images. Then it asks for
// N images of each class, and prints how many of them the classifier takes for that class; the picture has a row of 8 for each.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {openRun, samplePicture, writePng} from '../../dist/index.js';
import {openFeatures} from '../../dist/gan/metrics/feature-file.js';

const {values} = parseArgs({
  options: {
    run: {type: 'string', default: 'runs/conditional'},
    classifier: {type: 'string', default: 'runs/fashion-mnist-classifier.safetensors'},
    steps: {type: 'string', default: '26000'},
    n: {type: 'string', default: '500'},
    backend: {type: 'string', default: 'native'},
    out: {type: 'string', default: 'docs/images/conditional.png'},
  },
});
const {run: dir, classifier, steps, backend, out} = values;
const [n, atOnce, wanted] = [Number(values.n), 100, 0.85];
const root = fileURLToPath(new URL('../..', import.meta.url));

function gan(...args) {
  console.log(`gan ${args.join(' ')}`);
  const began = performance.now();
  const {status} = spawnSync(process.execPath, [`${root}bin/run.js`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log(
    `${((performance.now() - began) / 60_000).toFixed(1)} minutes; ${cpus()[0]?.model}, ${cpus().length} processors`,
  );
}

const data = 'builtin:fashion-mnist';
const shared = ['--size', '32', '--backend', backend, '--threads', '1'];
if (!existsSync(dir)) gan('fit', data, '--conditional', '--recipe', 'light', '--steps', steps, '--out', dir, ...shared);
if (!existsSync(classifier)) gan('classify', data, '--channels', '1', '--out', classifier, ...shared);

const run = await openRun(dir, {backend});
const {names} = await run.classes();
await run.device(); // the classifier runs on it
const {extract, dispose} = await openFeatures(classifier);
const rows = [];
for (const [label, name] of names.entries()) {
  let right = 0;
  for (let seed = 0; seed * atOnce < n; seed++) {
    const {data: bytes, shape} = await run.generate({n: Math.min(atOnce, n - seed * atOnce), seed, classes: [name]});
    const {classes} = await extract(bytes, shape);
    right += classes.filter((each) => each === label).length;
  }
  rows.push({name, share: right / n});
}
const grid = await run.generate({n: 8, seed: 1, classes: names});
await writePng(out, samplePicture(grid, undefined, 8));
dispose();
await run.close();

console.log(`\n| class | of ${n} images, taken for it |\n|---|---|`);
for (const {name, share} of rows) console.log(`| ${name} | ${(100 * share).toFixed(1)} % |`);
const least = Math.min(...rows.map(({share}) => share));
console.log(`\nThe least is ${(100 * least).toFixed(1)} %; wanted are ${100 * wanted} % of each class.`);
process.exitCode = least >= wanted ? 0 : 1;
