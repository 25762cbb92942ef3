/**
 * What a run of a million steps costs: the list of a hundred of them, one of them shown and reported, its first curve
 * in `gan ui`, and resuming one to its first step. The memory of a training is measured by bench/memory.mjs.
 *
 *     node bench/long-runs.mjs [--steps 1000000] [--runs 100]
 *
 * The runs are made in a temporary folder, which is deleted at the end. Their logs are links to one file, so that a
 * hundred of them take the place of one.
 */
import {spawn} from 'node:child_process';
import {
  closeSync,
  cpSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {withChecksum} from '../dist/options/json.js';
import {openBackend} from '../dist/runs/devices/open-backend.js';
import {addToTotals, logMetricsName, noTotals} from '../dist/runs/log-digest.js';
import {openTraining} from '../dist/runs/open-training.js';

const {values: flags} = parseArgs({
  options: {
    steps: {type: 'string', default: '1000000'},
    runs: {type: 'string', default: '100'},
  },
});
const [steps, runs] = [flags.steps, flags.runs].map(Number);
const gan = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const work = mkdtempSync(path.join(os.tmpdir(), 'gan-long-runs-'));
process.on('exit', () => rmSync(work, {recursive: true, force: true}));
process.on('SIGINT', () => process.exit(130));

/** What a process has taken so far: the peak of its memory in MB, and seconds of processors. */
function taken(pid) {
  try {
    const most = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(') ')[1]
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return Number.isNaN(most) ? undefined : {most, cpu: (user + system) / 100}; // in hundredths of a second (USER_HZ)
  } catch {
    return undefined; // it has ended, or this is no Linux
  }
}

const none = {most: NaN, cpu: NaN};

/** Runs `gan` until it ends, or prints what is waited for. */
function run(args, {until} = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [gan, ...args], {cwd: work, stdio: ['ignore', 'pipe', 'pipe']});
    let [out, last, seconds] = ['', none, undefined];
    const look = () => (last = taken(child.pid) ?? last);
    const timer = setInterval(look, 10);
    const read = (chunk) => {
      out += chunk;
      if (seconds === undefined && until && out.includes(until)) {
        seconds = (performance.now() - began) / 1000;
        look();
        child.kill('SIGKILL');
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0 || seconds !== undefined)
        resolve({seconds: seconds ?? (performance.now() - began) / 1000, ...last});
      else reject(new Error(`gan ${args.join(' ')} ended with ${code}: ${out.slice(-2000)}`));
    });
  });
}

const [items, batchSize] = [64, 4];
const epochSteps = items / batchSize;
const small = {
  recipe: 'wgan',
  data: 'builtin:shapes',
  size: 16,
  latent: 8,
  batchSize,
  arch: {name: 'basic', nFeatures: 4},
  source: {count: items},
  sampleEvery: 0,
  checkpointEvery: 0,
  watchEvery: 0,
};

async function train(dir, steps) {
  const training = await openTraining({...small, steps}, {device});
  await training.fit(path.join(work, dir));
  await training.close();
}

/** A log of `steps` steps as `gan fit` writes it, and the totals that a checkpoint at its end keeps. */
function writeLog(file, like) {
  const totals = noTotals();
  const out = openSync(file, 'w');
  let text = '';
  for (let step = 1; step <= steps; step++) {
    const loss = Math.sin(step / 1e5) + Math.cos(step * 7.3) / 5;
    const epoch = Math.floor((step - 1) / epochSteps);
    text += `${JSON.stringify({...like, step, epoch, mode: step % 6 === 0 ? 'generator' : 'critic', loss, genLoss: loss / 2, critLoss: loss / 3})}\n`;
    if (step % epochSteps === 0) {
      const line = {step, epoch, seconds: 0.25, row: {train_loss: loss, gen_loss: loss / 2, crit_loss: loss / 3}};
      text += `${JSON.stringify(line)}\n`;
      addToTotals(totals, line);
    }
    if (text.length < 1 << 20 && step < steps) continue;
    writeSync(out, text);
    text = '';
  }
  closeSync(out);
  return totals;
}

/** Runs of so many steps: one that was trained for a few, with a log and a checkpoint as of the last. */
async function makeRuns() {
  await train('runs/0', epochSteps);
  const [dir, log] = [path.join(work, 'runs/0'), path.join(work, 'runs/0/metrics.jsonl')];
  const like = JSON.parse(readFileSync(log, 'utf8').split('\n')[0]);
  const totals = writeLog(log, like);
  const [old, now] = [epochSteps, steps].map((step) =>
    path.join(dir, `checkpoints/step-${String(step).padStart(8, '0')}`),
  );
  renameSync(old, now);
  const {checksum: _, ...state} = JSON.parse(readFileSync(path.join(now, 'state.json'), 'utf8'));
  state.position = {epoch: steps / epochSteps, batch: 0, step: steps};
  state.callbacks[logMetricsName] = totals;
  writeFileSync(path.join(now, 'state.json'), withChecksum(state, 2));
  for (let i = 1; i < runs; i++) {
    const copy = path.join(work, 'runs', String(i));
    cpSync(dir, copy, {recursive: true, filter: (from) => from !== log});
    linkSync(log, path.join(copy, 'metrics.jsonl'));
  }
  return statSync(log).size;
}

/** From the request of a page to its first curve. */
async function firstCurve() {
  const child = spawn(process.execPath, [gan, 'ui', 'runs', '--port', '0', '--json'], {
    cwd: work,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const line = await new Promise((resolve) => child.stdout.once('data', resolve));
    const {url} = JSON.parse(line);
    const [began, before] = [performance.now(), taken(child.pid) ?? none];
    const {body} = await fetch(`${url}api/events?run=0`);
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) if (chunk.includes('event: curves')) break;
    const after = taken(child.pid) ?? none;
    return {seconds: (performance.now() - began) / 1000, most: after.most, cpu: after.cpu - before.cpu};
  } finally {
    child.kill();
  }
}

const row = (what, {seconds, cpu, most}) =>
  console.log(`| ${what} | ${seconds.toFixed(2)} s | ${cpu.toFixed(2)} s | ${most.toFixed(0)} MB |`);

const device = await openBackend('wasm', {threads: 1});
const bytes = await makeRuns();
console.log(
  `${os.cpus()[0].model}, Node ${process.version}; ${steps} steps a run, a log of ${(bytes / 1e6).toFixed(0)} MB\n`,
);
console.log('| what | time | of processors | peak memory |\n|---|---|---|---|');
row('`gan --version`, for comparison', await run(['--version']));
row(`\`gan runs list\`, ${runs} runs`, await run(['runs', 'list']));
row('`gan runs show`', await run(['runs', 'show', 'runs/0']));
row('`gan report`', await run(['report', 'runs/0', '--out', 'report.html']));
row('`gan ui`: from the request of the page to the first curve', await firstCurve());
const resume = [
  'fit',
  '--resume',
  'runs/0',
  '--steps',
  String(steps + 64),
  '--backend',
  'wasm',
  '--threads',
  '1',
  '--json',
];
row('`gan fit --resume`, to its first step', await run(resume, {until: '"type":"step"'}));
await device.close();
