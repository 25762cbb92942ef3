// Does a conditional generator make what it is asked for? `node bench/quality/conditional.mjs [--run DIR] [--steps N] [--n N]`
// trains on Fashion-MNIST by its classes (or takes a run that is trained already), asks for N images of each class, and prints how many of
// them a classifier takes for that class: one of PyTorch that was trained on the real images (PYTHON), beside what it makes of the real
// test images. docs/images/conditional.png gets a row of 8 images for each class.
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {openRun, samplePicture, writePng} from '../../dist/index.js';

const {values} = parseArgs({
  options: {
    run: {type: 'string', default: 'runs/conditional'},
    classifier: {type: 'string', default: 'node_modules/.cache/gan-quality/fashion-mnist.pt'},
    steps: {type: 'string', default: '26000'},
    n: {type: 'string', default: '500'},
    truncation: {type: 'string', default: '0.7'},
    backend: {type: 'string', default: 'native'},
    out: {type: 'string', default: 'docs/images/conditional.png'},
  },
});
const {run: dir, steps, backend, out} = values;
const [n, truncation, atOnce] = [Number(values.n), Number(values.truncation), 100];
const here = fileURLToPath(new URL('.', import.meta.url));

if (!existsSync(dir)) {
  // the networks of the figures in docs/conditional.md
  const networks = ['--set', 'arch.nFeatures=16', '--set', 'arch.nExtraLayers=0'];
  const args = ['fit', 'builtin:fashion-mnist', '--conditional', '--recipe', 'light', ...networks, '--size', '32'];
  const all = [...args, '--steps', steps, '--backend', backend, '--threads', '1', '--out', dir];
  console.log(`gan ${all.join(' ')}`);
  const began = performance.now();
  const command = [path.join(here, '../../bin/run.js'), ...all];
  const {status} = spawnSync(process.execPath, command, {stdio: ['ignore', 'ignore', 'inherit']});
  if (status !== 0) process.exit(status ?? 1);
  console.log(`${((performance.now() - began) / 60_000).toFixed(1)} minutes; ${cpus()[0]?.model}`);
}

const run = await openRun(dir, {backend});
const {names} = await run.classes();
const folder = mkdtempSync(path.join(tmpdir(), 'gan-conditional-'));
const draw = async (name, options) => {
  const parts = [];
  for (const label of names)
    for (let seed = 0; seed * atOnce < n; seed++)
      parts.push(
        (await run.generate({n: Math.min(atOnce, n - seed * atOnce), seed, classes: [label], ...options})).data,
      );
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.concat(parts));
  return file;
};
const files = [await draw('all.bin', {}), await draw('truncated.bin', {truncation})];
await writePng(out, samplePicture(await run.generate({n: 8, seed: 1, classes: names}), undefined, 8));
await run.close();
const python = process.env.PYTHON ?? 'python3';
const script = [path.join(here, 'conditional.py'), values.classifier, ...files];
const shares = JSON.parse(execFileSync(python, script, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}));
rmSync(folder, {recursive: true});

const percent = (share) => `${(100 * share).toFixed(1)} %`;
console.log(`| class | real test images | ${n} images | ${n} images, --truncation ${truncation} |\n|---|---|---|---|`);
for (const [i, name] of names.entries())
  console.log(`| ${name} | ${['real', ...files].map((each) => percent(shares[each][i])).join(' | ')} |`);
