// Time of a training step of a recipe on the wasm backend, from data drawn by this program, without a run folder.
//
//     npm run build && node bench/training/recipe.mjs [threads=1] [steps=160] [settings={}]
//
// The settings are JSON, over those of recipe quick: '{"batchSize":8}'. The first half of the steps is not counted. Prints
// the lowest and the median mean of 8 steps, in milliseconds of the clock and of the processor in all threads. On a busy
// machine the lowest mean is the one to compare, of several runs in turns.
import {stopAt} from '../../dist/runs/run-callbacks.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {median} from '../../dist/bench/statistics.js';

const perRound = 8;
const [threads = '1', steps = '160', settings = '{}'] = process.argv.slice(2);
const training = await openTraining({
  recipe: 'quick',
  data: 'builtin:shapes',
  backend: {name: 'wasm', threads: Number(threads)},
  steps: Number(steps),
  ...JSON.parse(settings),
});
const ends = [];
const clock = {
  name: 'clock',
  runAfter: ['recorder'],
  afterBatch() {
    const {user, system} = process.cpuUsage();
    ends.push({clock: performance.now(), processor: (user + system) / 1e3});
  },
};
await training.learn.fit(Number(steps), undefined, {cbs: [stopAt(Number(steps)), clock]});
await training.close();

const counted = ends.slice(ends.length >> 1);
for (const kind of ['clock', 'processor']) {
  const means = [];
  for (let i = perRound; i < counted.length; i += perRound)
    means.push((counted[i][kind] - counted[i - perRound][kind]) / perRound);
  console.log(`${kind}: lowest ${Math.min(...means).toFixed(1)} ms, median ${median(means).toFixed(1)} ms`);
}
