// How much of a second processor a second rank makes use of: seconds for a step of B images with one rank, and of 2 B
// with two, a thread each (weak scaling). Runs alternate, since machines are never quite idle; medians count.
//
//   node bench/ranks.mjs [--rounds 5] [--steps 24] [--size 64] [--batch 16] [--recipe dcgan] [--backend native]
// [--sync-bn]
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';

const {values} = parseArgs({
  options: {
    rounds: {type: 'string', default: '5'},
    steps: {type: 'string', default: '24'},
    size: {type: 'string', default: '64'},
    batch: {type: 'string', default: '16'},
    recipe: {type: 'string', default: 'dcgan'},
    backend: {type: 'string', default: 'native'},
    'sync-bn': {type: 'boolean', default: false},
    child: {type: 'boolean', default: false},
  },
});
const self = fileURLToPath(import.meta.url);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

if (values.child) await child();
else await compare();

/** One rank. The first prints the mean of its later steps, and what of it was spent in waiting for others. */
async function child() {
  const {openTraining} = await import('../dist/index.js');
  const {launchedRanks} = await import('../dist/cli/ranks/launched.js');
  const {openRegistry} = await import('../dist/plugin/discover.js');
  const {follow} = await import('../dist/runs/ranks/follow.js');
  const {Ranks} = await import('../dist/runs/ranks/ranks.js');
  const registry = openRegistry();
  const launched = launchedRanks(process.env);
  const ranks = launched && (await Ranks.begin(launched, registry));
  if (ranks && !ranks.isFirst) {
    process.exitCode = await follow(ranks, {registry});
    await ranks.close();
    return;
  }
  let waited = 0;
  if (ranks) {
    const {collective} = ranks;
    const begin = collective.allReduce.bind(collective);
    collective.allReduce = (memory, op) => {
      const work = begin(memory, op);
      const wait = () => {
        const from = performance.now();
        work.wait();
        waited += performance.now() - from;
      };
      return {...work, wait, done: work.done};
    };
  }
  const training = await openTraining(
    {
      recipe: values.recipe,
      data: 'builtin:shapes',
      size: Number(values.size),
      batchSize: Number(values.batch) * (ranks?.collective.size ?? 1),
      steps: Number(values.steps),
      syncBn: values['sync-bn'],
      sampleEvery: 0,
      sampleSeconds: 0,
      watchEvery: 0,
      checkpointEvery: 0,
      backend: {name: values.backend, threads: 1},
    },
    {registry, ...(ranks && {ranks})},
  );
  const times = [];
  const waits = [];
  const processors = [];
  let last = performance.now();
  let lastCpu = process.cpuUsage();
  training.learn.addCbs({
    name: 'clock',
    async afterBatch({training: isTraining}) {
      if (!isTraining) return;
      const now = performance.now();
      times.push(now - last);
      waits.push(waited);
      const {user, system} = process.cpuUsage(lastCpu);
      processors.push((user + system) / 1000);
      [last, waited, lastCpu] = [now, 0, process.cpuUsage()];
    },
  });
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gan-ranks-'));
  try {
    await training.fit(dir);
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
  // steps are captured by then; a mean, as those of the critic and those of the generator differ
  const half = Math.floor(times.length / 2);
  const of = (list) => list.slice(half).reduce((sum, each) => sum + each, 0) / (list.length - half);
  const parameters = ['generator', 'critic'].map((name) => training.learn.ganModel.network(name).parameterCount());
  console.log(JSON.stringify({step: of(times), wait: of(waits), cpu: of(processors), parameters}));
  await training.close();
  await ranks?.end(0);
}

async function compare() {
  const args = [self, '--child', ...process.argv.slice(2)];
  const run = async (command, before) => {
    const {stdout} = await promisify(execFile)(command, [...before, ...args]);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };
  const {findLauncher, launcherArguments} = await import('../dist/cli/ranks/launch.js');
  const {command, isOpenMpi} = await findLauncher();
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const one = await run(process.execPath, []);
    const two = await run(command, [...launcherArguments(isOpenMpi, 2), process.execPath]);
    rounds.push({one: one.step, two: two.step, wait: two.wait, cpuOfOne: one.cpu, cpuOfTwo: two.cpu});
    console.error(
      `round ${round + 1}: ${one.step.toFixed(0)} ms, ${two.step.toFixed(0)} ms, of them ${two.wait.toFixed(0)} ms waiting`,
    );
    if (round === 0)
      console.log(
        `${values.recipe}, ${values.size}x${values.size}, ${values.batch} images a rank, ${one.parameters.join(' + ')} parameters, ${values.backend}, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`,
      );
  }
  const [one, two, wait, cpuOfOne, cpuOfTwo] = ['one', 'two', 'wait', 'cpuOfOne', 'cpuOfTwo'].map((key) =>
    median(rounds.map((each) => each[key])),
  );
  const efficiencies = rounds.map((each) => each.one / each.two);
  console.log(
    `1 rank: ${one.toFixed(1)} ms a step; 2 ranks: ${two.toFixed(1)} ms, of them ${wait.toFixed(1)} ms waiting`,
  );
  console.log(`processor time of a step: ${cpuOfOne.toFixed(1)} ms alone, ${cpuOfTwo.toFixed(1)} ms as rank 0 of 2`);
  console.log(
    `efficiency: ${median(efficiencies).toFixed(3)} (rounds: ${efficiencies.map((each) => each.toFixed(2)).join(', ')})`,
  );
}
