// Does a conditional generator make what it is asked for?
//
//     node bench/quality/conditional.mjs [RUN] [--truncation X]... [--n N] [--out PICTURE.png] [--steps N] [--backend NAME]
//
// Asks a run of Fashion-MNIST for N images of each class, as they are and with each truncation, and prints how many of them a classifier
// takes for that class, beside what it makes of the real test images. The classifier is one of PyTorch (conditional.py), trained on the
// real training images; PYTHON names a Python that has PyTorch. Without RUN, one is trained first, as docs/conditional.md has it.
// PICTURE.png gets a row of 8 images for each class.
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {openRun, samplePicture, writePng} from '../../dist/index.js';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    classifier: {type: 'string', default: 'node_modules/.cache/gan-quality/fashion-mnist-classes.pt'},
    steps: {type: 'string', default: '30000'},
    n: {type: 'string', default: '500'},
    truncation: {type: 'string', multiple: true, default: ['0.7']},
    backend: {type: 'string', default: 'native'},
    out: {type: 'string'},
  },
});
const {steps, backend, out} = values;
const columns = [
  {title: `${values.n} images`, options: {}},
  ...values.truncation.map((each) => ({title: `\`--truncation ${each}\``, options: {truncation: Number(each)}})),
];
const dir = positionals[0] ?? 'runs/conditional';
const [n, atOnce] = [Number(values.n), 100];
const here = fileURLToPath(new URL('.', import.meta.url));

if (positionals.length === 0 && !existsSync(dir)) {
  const networks = ['--set', 'arch.nFeatures=16', '--set', 'arch.nExtraLayers=1'];
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
const folder = mkdtempSync(path.join(tmpdir(), 'gan-conditional-'));
try {
  const {names} = await run.classes();
  const files = [];
  for (const {options} of columns) {
    const parts = [];
    for (const label of names)
      for (let seed = 0; seed * atOnce < n; seed++) {
        const count = Math.min(atOnce, n - seed * atOnce);
        const images = await run.generate({n: count, seed, classes: [label], ...options});
        parts.push(images.data);
      }
    files.push(path.join(folder, `${files.length}.bin`));
    writeFileSync(files.at(-1), Buffer.concat(parts));
  }
  if (out) await writePng(out, samplePicture(await run.generate({n: 8, seed: 1, classes: names}), undefined, 8));
  const script = [path.join(here, 'conditional.py'), values.classifier, ...files];
  const printed = execFileSync(process.env.PYTHON ?? 'python3', script, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const shares = Object.values(JSON.parse(printed)); // the real ones, then each file's
  const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const means = shares.map((each) => each.reduce((sum, share) => sum + share, 0) / each.length);
  row('class', 'real test images', ...columns.map(({title}) => title));
  row(...Array.from({length: columns.length + 2}, () => '---'));
  for (const [i, name] of names.entries()) row(name, ...shares.map((each) => percent(each[i])));
  row('mean', ...means.map(percent));
  row('lowest', ...shares.map((each) => percent(Math.min(...each))));
} finally {
  await run.close();
  rmSync(folder, {recursive: true});
}
