// The half of bench/quality.mjs that trains with this project: a line of JSON {images, seconds, file} for each evaluation.
//
//     node own.mjs JOB      JOB: JSON {work, seed, threads, dir, evaluations: [{images} or {seconds}]}
//
// Images are those of the data that the critic has seen. The clock stops while samples are drawn and written.
import path from 'node:path';
import {Rng} from '../../dist/gan/rng.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {writeNpy} from './npy.mjs';
import {settingsOf} from './works.mjs';

const {work, seed, threads, dir, evaluations} = JSON.parse(process.argv[2]);
const most = evaluations.at(-1);
// enough for a budget in seconds, which stops the training itself
const steps = most.images ? Math.ceil(most.images / work.batch) * (1 + 1 / work.nCrit) + 1 : 1e9;
const training = await openTraining({
  ...settingsOf(work, {seed, steps: Math.ceil(steps)}),
  backend: {name: work.backend, threads},
});
const {learn} = training;
let images = 0;
let paused = 0;
let began;
const seconds = () => (performance.now() - began - paused) / 1000;

/** The learning rate of the next step, by the share of the budget that is spent. */
function setRate() {
  if (work.schedule === 'constant') return;
  const done = most.images ? images / most.images : seconds() / most.seconds;
  learn.hyperparameters.set('lr', work.lr * (1 - Math.min(1, Math.max(0, 2 * done - 1))));
}

/** Samples of the averaged weights: bytes, points as floats. */
async function draw(file) {
  const latents = new Rng(`samples ${seed}`);
  const parts = [];
  for (let done = 0; done < work.samples; done += 250) {
    const n = Math.min(250, work.samples - done);
    parts.push(await drawBatch({data: latents.normal(n * work.latent), shape: [n, work.latent]}));
  }
  const [{constructor}] = parts;
  const all = new constructor(parts.reduce((sum, {length}) => sum + length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  writeNpy(file, all, [work.samples, work.size, work.size, work.channels]);
}

const {tf} = await import('../../dist/backends/tf.js');
async function drawBatch({data, shape}) {
  if (work.size > 1) return (await learn.generate({data, shape})).data;
  const points = tf.tidy(() => learn.draw(tf.tensor(data, shape)));
  const values = await points.data();
  points.dispose();
  return Float32Array.from(values);
}

const measure = {
  name: 'measure-quality',
  runAfter: ['gan-trainer'],
  runBefore: ['switcher'],
  async afterBatch({training: trains, batchSize, stop}) {
    began ??= performance.now();
    if (!trains) return;
    if (learn.ganTrainer.turn === 'critic') images += batchSize;
    setRate();
    const next = evaluations[0];
    if (next.images ? images < next.images : seconds() < next.seconds) return;
    await learn.readLosses();
    const at = seconds();
    const from = performance.now();
    const file = path.join(dir, `own-${seed}-${images}.npy`);
    await draw(file);
    paused += performance.now() - from;
    console.log(JSON.stringify({images, seconds: at, file}));
    evaluations.shift();
    if (evaluations.length === 0) stop('the budget is spent');
  },
};
learn.createOpt();
began = performance.now();
await learn.fit(training.epochs, undefined, {cbs: [measure], steps: training.steps, wd: 0});
await training.close();
