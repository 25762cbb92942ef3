// What watching costs a training, in time and in processor time: the same training alone, watched in the terminal (a
// line of progress, sample grids as sixel pictures, TensorBoard's files), and with `gan ui` and a page open beside it,
// in turns. Then where the time of the training's thread goes. `node bench/watching.mjs [rounds] [key=value ...]`; the
// keys are those of `gan fit --set`, by default recipe=quick and 200 steps. On a machine that is busy with other things
// only the last part tells much, which 0 rounds show alone.
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {cpus, loadavg, tmpdir} from 'node:os';
import path from 'node:path';
import {median, medianInterval} from '../dist/bench/statistics.js';
import {FitReport} from '../dist/cli/training/fit-report.js';
import {openBackend} from '../dist/runs/devices/open-backend.js';
import {resolveConfig} from '../dist/config/resolve.js';
import {openTraining} from '../dist/runs/open-training.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {profile} from './watching/profile.mjs';
import {openUi} from './watching/ui.mjs';

const ways = ['alone', 'terminal', 'page'];
const [rounds = '10', ...given] = process.argv.slice(2);
const registry = openRegistry();
const {config} = await resolveConfig({
  registry,
  ignoreFiles: true,
  set: ['recipe=quick', 'steps=200', 'checkpointEvery=0', ...given],
});
const device = await openBackend('auto');
const dir = mkdtempSync(path.join(tmpdir(), 'gan-watching-'));
process.on('exit', () => rmSync(dir, {recursive: true}));

const cpuSeconds = () => {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * A training in one of the ways: seconds from its first step, which compiles kernels, to its last, and seconds of
 * processors: this process's, those of `gan ui`, those of the page.
 */
async function measure(way, name) {
  const folder = path.join(dir, name);
  mkdirSync(folder);
  const ui = way === 'page' ? await openUi(folder) : undefined;
  const terminal = {isTTY: true, columns: 100, write: () => true};
  const report = new FitReport({
    stdout: terminal,
    stderr: terminal,
    json: false,
    quiet: way !== 'terminal',
    pictures: way === 'terminal' ? 'sixel' : undefined,
  });
  const now = () => [performance.now() / 1000, cpuSeconds(), ...(ui?.cpu() ?? [0, 0])];
  let [begin, end] = [];
  const notify = (event) => {
    report.notify(event);
    if (event.type === 'step' && event.step === 1) begin = now();
    if (event.type === 'step' && event.step === event.steps) end = now();
  };
  const training = await openTraining({...config, tensorboard: way === 'terminal'}, {registry, device});
  await training.fit(path.join(folder, 'run'), {notify});
  await training.close();
  await report.settle();
  const seen = await ui?.close();
  if (seen && (seen.points === 0 || (seen.grids === 0 && config.sampleEvery > 0 && config.sampleEvery < config.steps)))
    throw new Error(`the page got ${seen.points} points and ${seen.grids} sample grids`);
  rmSync(folder, {recursive: true});
  const [seconds, cpu, server, page] = end.map((value, i) => value - begin[i]);
  return {seconds, cpu, server, page};
}

const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`;
/** How much more than alone, in the median of the rounds, with an interval. */
function cost(way, amount) {
  const ratios = results.map((round) => amount(round[way]) / amount(round.alone));
  const {low, high, confidence} = medianInterval(ratios);
  return `${percent(median(ratios))} (${percent(low)} to ${percent(high)} with ${(confidence * 100).toFixed(0)} % confidence)`;
}
const middle = (way, amount, digits = 1) => median(results.map((round) => amount(round[way]))).toFixed(digits);

const {size, batchSize, steps, sampleEvery, arch} = config;
console.log(
  `${device.name}, Node ${process.version}, ${cpus().length} x ${cpus()[0].model.trim()}; ${given.join(' ')} ${arch.name} ${size}x${size}, batch ${batchSize}, ${steps} steps, a sample grid every ${sampleEvery}`,
);
await measure('terminal', 'warm');
const results = [];
const loads = [];
for (let round = 0; round < Number(rounds); round++) {
  loads.push(loadavg()[0]);
  const turned = [...ways.slice(round % 3), ...ways.slice(0, round % 3)];
  const result = {};
  for (const way of round % 2 === 0 ? turned : turned.reverse()) result[way] = await measure(way, `${way}-${round}`);
  results.push(result);
}
if (results.length > 0) {
  console.log(
    `${rounds} rounds, load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}; alone ${middle('alone', ({seconds}) => seconds)} s, ${middle('alone', ({cpu}) => cpu)} s of processors`,
  );
  for (const way of ways.slice(1)) {
    console.log(
      `${way.padEnd(9)} ${cost(way, ({seconds}) => seconds)}\n          of processors ${cost(way, ({cpu, server}) => cpu + server)}`,
    );
  }
  // what else the machine does makes a training slower, never faster, so the least of each is the nearest to what it
  // takes by itself
  const least = (way, amount) => Math.min(...results.map((round) => amount(round[way])));
  const beside = (way, amount) =>
    `${least(way, amount).toFixed(2)} s, ${percent(least(way, amount) / least('alone', amount))}`;
  for (const way of ways)
    console.log(
      `${way.padEnd(9)} at least ${beside(way, ({seconds}) => seconds)}; of processors ${beside(way, ({cpu, server}) => cpu + server)}`,
    );
  console.log(
    `of these gan ui ${middle('page', ({server}) => server, 2)} s; not in them the page's stand-in ${middle('page', ({page}) => page, 2)} s`,
  );
}

const {spent, busy} = await profile(() => measure('terminal', 'profile'));
console.log(`the thread that trains, busy for ${(busy / 1000).toFixed(1)} s, load ${loadavg()[0].toFixed(1)}:`);
for (const [concern, milliseconds] of spent)
  console.log(
    `  ${concern.padEnd(30)} ${milliseconds.toFixed(0).padStart(6)} ms  ${((100 * milliseconds) / busy).toFixed(2)} %`,
  );
await device.close();
