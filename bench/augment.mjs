// What augmentations of the critic's images, and the average of the generator's weights, cost: training steps with and
// without them, in turns, on one device.
//
//     npm run build && node bench/augment.mjs [rounds=24] [threads=1] [names=ema color,translation,cutout ...]
//
// A round is a critic step and a generator step, repeated from recordings. Each name, or list of names joined by commas,
// is compared with a training without it; `ema` is the average. Prints two measures of a round in milliseconds and of
// the share of it that the name takes. `kernels` adds up, over the kernels of a round, the tenth percentile of the times
// of calls with the same shapes: other programs can only make a call slower, so it holds on a busy machine. `processor`
// is the median of the rounds' processor time, and the least and the greatest share of neighbouring rounds.
import {observeKernels} from '../dist/backends/kernel-calls.js';
import {GANLearner} from '../dist/gan/gan-learner.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {lightCritic, lightGenerator} from '../dist/gan/nets/light.js';
import {adam} from '../dist/gan/optim/rules.js';
import {Rng} from '../dist/gan/rng.js';
import {setSeed} from '../dist/gan/streams.js';
import {median} from '../dist/bench/statistics.js';
import {FixedGANSwitcher} from '../dist/gan/switchers/gan-switchers.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {openWasm, timedTraining} from './training/timed.mjs';

const latentSize = 100;
/** Networks, side, batch, features of the layer next to the image. */
const sizes = [
  ['basic', 32, 32, 16],
  ['basic', 64, 64, 64],
  ['light', 32, 16, 16],
  ['light', 64, 16, 16],
];
const networks = {
  basic: (size, nFeatures) => [basicGenerator(size, 3, {nFeatures}), basicCritic(size, 3, {nFeatures})],
  light: (size, nFeatures) => {
    const image = {height: size, width: size, channels: 3};
    return [
      lightGenerator(image, {latentSize, nFeatures, norm: 'pixel'}),
      lightCritic(image, {nFeatures, norm: 'none', stddevGroup: 4}),
    ];
  },
};

/** The augmentations, every image changed. */
async function made(names) {
  const registry = openRegistry();
  return Promise.all(
    names
      .split(',')
      .map(async (name) => ({...(await registry.create('augmentation', name)), name, p: 1, adapt: undefined})),
  );
}

function batches(size, batch) {
  const rng = new Rng(1);
  const data = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  return Array.from({length: 4}, () => ({
    input: {data: rng.normal(batch * latentSize), shape: [batch, latentSize]},
    target: {data, shape: [batch, size, size, 3]},
    size: batch,
  }));
}

function start(device, {augmentations = [], emaHalfLife = 0}, [kind, size, batch, nFeatures]) {
  setSeed(1);
  const [generator, critic] = networks[kind](size, nFeatures);
  let learn;
  const training = timedTraining(device, {
    makeLearner: (dls, cbs) =>
      (learn = GANLearner.wgan(dls, generator, critic, {
        optFunc: adam(),
        lr: 2e-4,
        switcher: FixedGANSwitcher(1, 1),
        augmentations,
        emaHalfLife,
        cbs,
      })),
    batches: batches(size, batch),
    networkOf: (one) => one.pendingLoss.turn,
    stepsPerRound: 2,
  });
  return {train: (rounds) => training.train(rounds), learn: () => learn};
}

/** The tenth percentile. */
const fast = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)];
const shapesOf = (tensors) => tensors.map((tensor) => tensor?.shape?.join('x')).join(' ');

/**
 * Trains a round, and notes the time of the processor, and that of each kernel call by name and shapes.
 * @param calls kernel and shapes -> milliseconds of its calls
 */
async function round(training, calls) {
  const stop = observeKernels(({kernel, inputs, outputs, ms}) => {
    const key = `${kernel} ${shapesOf(Object.values(inputs ?? {}))} ${shapesOf(outputs)}`;
    calls.set(key, [...(calls.get(key) ?? []), ms]);
  });
  const before = process.cpuUsage();
  await training.train(1);
  const {user, system} = process.cpuUsage(before);
  stop();
  return (user + system) / 1e3;
}

const kernelTime = (calls, rounds) =>
  [...calls.values()].reduce((sum, times) => sum + times.length * fast(times), 0) / rounds;

const [given = '24', threads = '1', ...chosen] = process.argv.slice(2);
const rounds = Number(given);
const device = await openWasm({threads: Number(threads)});
console.log('networks, side, batch, features | what | kernels ms | share | processor ms | share (least to most)');
for (const size of sizes) {
  for (const names of chosen.length > 0 ? chosen : ['ema', 'color,translation,cutout']) {
    const what = names === 'ema' ? {emaHalfLife: 4000} : {augmentations: await made(names)};
    const turns = [start(device, {}, size), start(device, what, size)].map((training) => ({
      training,
      calls: new Map(),
      ms: [],
    }));
    for (const {training} of turns) await training.train(3);
    for (let i = 0; i < rounds; i++)
      for (const turn of i % 2 === 0 ? turns : [...turns].reverse())
        turn.ms.push(await round(turn.training, turn.calls));
    const [plain, other] = turns;
    if (other.training.learn().capture.repeated === 0) throw new Error('no step was repeated');
    const share = (without, all) => 100 * (1 - without / all);
    const percent = (value) => `${value.toFixed(1)} %`;
    const kernels = turns.map(({calls}) => kernelTime(calls, rounds));
    const shares = other.ms.map((ms, i) => share(plain.ms[i], ms));
    console.log(
      [
        size.join(),
        names,
        kernels.map((ms) => ms.toFixed(2)).join(' and '),
        percent(share(...kernels)),
        turns.map(({ms}) => median(ms).toFixed(1)).join(' and '),
        `${percent(median(shares))} (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))})`,
      ].join(' | '),
    );
    for (const {training} of turns) training.learn().dispose();
  }
}
await device.close();
