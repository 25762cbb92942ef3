// What watching costs a training: the default training with and without TensorBoard's files, a line of progress on a terminal and pictures of
// the samples, alternating in one process. `node bench/watching.mjs [rounds] [key=value ...]`
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {FitReport} from '../dist/cli/fit-report.js';
import {openBackend} from '../dist/backends/open-backend.js';
import {createParts} from '../dist/config/parts.js';
import {resolveConfig} from '../dist/config/resolve.js';
import {train} from '../dist/gan/runs/train.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {median} from './median.mjs';

const [rounds = '6', ...set] = process.argv.slice(2);
const registry = openRegistry();
const device = await openBackend('auto');
const dir = mkdtempSync(path.join(tmpdir(), 'gan-watching-'));

/** Seconds of a training from its second step on; the first compiles kernels. */
async function seconds(watched, name) {
  const {config} = await resolveConfig({registry, ignoreFiles: true, set: ['size=32', 'batchSize=16', 'steps=60', 'sampleEvery=20', 'checkpointEvery=0', ...set, `tensorboard=${watched}`]});
  const terminal = {isTTY: true, columns: 100, write: () => true};
  const report = new FitReport({stdout: terminal, stderr: terminal, json: false, quiet: !watched, pictures: watched ? 'sixel' : undefined});
  let start;
  const notify = (event) => {
    if (event.type === 'step' && event.step === 1) start = performance.now();
    report.notify(event);
  };
  await train({dir: path.join(dir, name), config, parts: await createParts(registry, config), device, resume: false, signal: new AbortController().signal, notify});
  await report.settle();
  return (performance.now() - start) / 1000;
}

const times = {plain: [], watched: []};
await seconds(true, 'warm');
for (let round = 0; round < Number(rounds); round++) {
  const order = round % 2 === 0 ? ['plain', 'watched'] : ['watched', 'plain'];
  for (const kind of order) times[kind].push(await seconds(kind === 'watched', `${kind}-${round}`));
}
const ratios = times.plain.map((plain, i) => times.watched[i] / plain);
const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`;
console.log(`${device.name}: ${median(times.plain).toFixed(3)} s without, ${median(times.watched).toFixed(3)} s with; watching costs ${percent(median(ratios))} (median of ${rounds} pairs, from ${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))})`);
await device.close();
rmSync(dir, {recursive: true});
