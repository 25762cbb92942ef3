// Quality of the images that this project and PyTorch make, over images seen and over seconds: the same data, the same
// recipe (quality/works.mjs; the peer is quality/peer.py), the same threads, one judge (quality/evaluate.py).
//
//     PYTHON=python3 npm run bench:quality -- --data NAME (--minutes 10 | --images 200000) [--seeds 1,2,3] [--points 6]
//         [--threads 2] [--set NAME=VALUE ...] [--only gan|pytorch] [--json FILE] [--md FILE] [--svg FILE]
//
// NAME is fashion-mnist (builtin:fashion-mnist has to be installed), stacked, emoji, ring8 or grid25. For each seed both
// sides train, one after the other; who begins alternates. Figures are medians over the seeds. Images are those of the
// data that the critic has seen; the clock stops while samples are drawn.
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {lineChart} from './line-chart.mjs';
import {writeData} from './quality/data.mjs';
import {dataNames, workOn} from './quality/works.mjs';
import {median} from '../dist/bench/statistics.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? 'python3';
const {values: flags} = parseArgs({
  options: {
    data: {type: 'string', default: 'fashion-mnist'},
    minutes: {type: 'string'},
    images: {type: 'string'},
    seeds: {type: 'string', default: '1,2,3'},
    points: {type: 'string', default: '6'},
    threads: {type: 'string', default: '2'},
    set: {type: 'string', multiple: true, default: []},
    only: {type: 'string'},
    json: {type: 'string'},
    md: {type: 'string'},
    svg: {type: 'string'},
  },
});

const fail = (text) => {
  console.error(text);
  process.exit(1);
};
const [threads, points] = [flags.threads, flags.points].map(Number);
const seeds = flags.seeds.split(',').map(Number);
const budget = flags.minutes ? {seconds: Number(flags.minutes) * 60} : {images: Number(flags.images)};
if (!dataNames.includes(flags.data)) fail(`--data ${flags.data}: wanted one of ${dataNames.join(', ')}`);
if (!(Object.values(budget)[0] > 0)) fail('wanted --minutes or --images, a number above 0');
if (!(threads >= 1) || !(points >= 1) || seeds.some((seed) => !Number.isInteger(seed)))
  fail('--threads, --points and --seeds: wanted whole numbers from 1 on');
if (flags.only !== undefined && !['gan', 'pytorch'].includes(flags.only)) fail('--only: wanted gan or pytorch');

let work;
try {
  work = workOn(flags.data, flags.set);
} catch (error) {
  fail(error.message);
}
const evaluations = Array.from({length: points}, (_, i) =>
  Object.fromEntries(Object.entries(budget).map(([key, value]) => [key, (value * (i + 1)) / points])),
);

/** The versions of Python's packages; null where one is missing. */
function pythonVersions() {
  const versions = {};
  for (const name of ['numpy', 'torch']) {
    const script = `import ${name}; print(${name}.__version__)`;
    try {
      versions[name] = execFileSync(python, ['-c', script], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      versions[name] = null;
    }
  }
  return versions;
}

/** The values of the lines of JSON that a process prints. */
async function linesOf(command, args, input) {
  const child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit']});
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.on('error', (error) => fail(`${command} does not start: ${error.message}`));
  child.stdin.end(input);
  const values = [];
  for await (const line of readline.createInterface({input: child.stdout})) values.push(JSON.parse(line));
  const code = await ended;
  if (code !== 0) fail(`${command} ${args[0]} ended with ${code}`);
  return values;
}

const sides = {
  gan: {name: 'this project', command: process.execPath, script: 'quality/own.mjs'},
  pytorch: {name: 'PyTorch', command: python, script: 'quality/peer.py'},
};

const versions = pythonVersions();
if (versions.numpy === null)
  fail(`${python} cannot import numpy, which judges the samples: PYTHON=/path/to/python npm run bench:quality`);
const needsTorch = work.metrics.some((metric) => ['class', 'kl'].includes(metric));
if (versions.torch === null && (needsTorch || flags.only !== 'gan'))
  fail(
    `${python} cannot import torch, which ${needsTorch ? 'the classifier needs' : 'the peer is'}: PYTHON=/path/to/python npm run bench:quality` +
      (needsTorch ? '' : ', or --only gan'),
  );
const wanted = Object.keys(sides).filter((side) => flags.only === undefined || flags.only === side);

const dir = mkdtempSync(path.join(os.tmpdir(), 'gan-quality-'));
process.on('exit', () => rmSync(dir, {recursive: true, force: true}));
const cache = fileURLToPath(new URL('../node_modules/.cache/gan-quality', import.meta.url));
mkdirSync(cache, {recursive: true});

const machine = {
  cpu: os.cpus()[0]?.model,
  cores: os.availableParallelism(),
  node: process.version,
  threads,
  ...versions,
};
console.log(machine);
console.log(work);
console.log(`${await writeData(work, dir)} real images`);

/** By side, the evaluations of each seed: [{images, seconds, metric: value, ...}]. */
const runs = Object.fromEntries(wanted.map((side) => [side, []]));
for (const [i, seed] of seeds.entries()) {
  for (const side of i % 2 === 0 ? wanted : wanted.toReversed()) {
    const {command, script, name} = sides[side];
    const job = JSON.stringify({work, seed, threads, dir, evaluations});
    const drawn = await linesOf(command, [path.join(here, script), job]);
    const values = await linesOf(
      python,
      [path.join(here, 'quality/evaluate.py'), JSON.stringify({work, dir, threads, cache})],
      drawn.map(({file}) => `${file}\n`).join(''),
    );
    drawn.forEach(({file}) => rmSync(file));
    const run = drawn.map(({images, seconds}, at) => ({images, seconds, ...values[at]}));
    runs[side].push(run);
    console.log(`seed ${seed}, ${name}: ${JSON.stringify(run.at(-1))}`);
  }
}

/** The medians over the seeds, at each evaluation. */
const medians = Object.fromEntries(
  wanted.map((side) => [
    side,
    evaluations.map((_, at) =>
      Object.fromEntries(
        Object.keys(runs[side][0][at]).map((key) => [key, median(runs[side].map((run) => run[at][key]))]),
      ),
    ),
  ]),
);

const shown = (value) => (Number.isInteger(value) ? String(value) : value.toPrecision(4));
function table() {
  const metrics = Object.keys(medians[wanted[0]][0]);
  const head = ['side', ...metrics];
  const rows = wanted.flatMap((side) =>
    medians[side].map((row) => [sides[side].name, ...metrics.map((metric) => shown(row[metric]))]),
  );
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const note = `${machine.cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, Node ${machine.node}, PyTorch ${versions.torch ?? 'none'} (CPU); ${seeds.length === 1 ? 'one seed' : `medians of ${seeds.length} seeds`}`;
console.log(`\n${table()}\n\n${note}`);
if (flags.json)
  writeFileSync(flags.json, `${JSON.stringify({machine, work, budget, seeds, medians, runs}, null, 2)}\n`);
if (flags.md) writeFileSync(flags.md, `${table()}\n\n${note}\n`);
if (flags.svg) {
  const [metric] = work.metrics;
  const panel = (x, label) => ({
    label,
    lines: wanted.map((side) => ({
      points: medians[side].map((row) => [row[x], row[metric]]),
      ranges: evaluations.map((_, at) => {
        const values = runs[side].map((run) => run[at][metric]);
        return [Math.min(...values), Math.max(...values)];
      }),
    })),
  });
  writeFileSync(
    flags.svg,
    lineChart({
      title: `${work.data}: ${metric}`,
      note,
      names: wanted.map((side) => sides[side].name),
      panels: [panel('images', 'images seen'), panel('seconds', 'seconds')],
    }),
  );
}
