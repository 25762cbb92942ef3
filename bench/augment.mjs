// What augmentations of the critic's images, and the average of the generator's weights, cost: training steps with and
// without them, in turns, on one device.
//
//     npm run build && node bench/augment.mjs [rounds=24] [threads=1] [backend=wasm] [names=ema color,translation,cutout ...]
//
// A round is a critic step and a generator step of the basic networks, repeated from recordings; or four of each of the
// networks of recipe light, trained as the recipe says: one of the critic's has the R1 penalty. Each name, or list of
// names joined by commas, is compared with a training without it; `ema` is the average. Prints two measures of a round in
// milliseconds and of the share of it that the name takes. `kernels` adds up, over the kernels of a round, the tenth
// percentile of the times of calls with the same shapes: other programs can only make a call slower, so it holds on a
// busy machine. `processor` is the median of the rounds' processor time, and the least and the greatest share of
// neighbouring rounds.
import {observeKernels} from '../dist/backends/kernel-calls.js';
import {GANLearner} from '../dist/gan/gan-learner.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {adam} from '../dist/gan/optim/rules.js';
import {Rng} from '../dist/gan/rng.js';
import {setSeed} from '../dist/gan/streams.js';
import {median} from '../dist/bench/statistics.js';
import {FixedGANSwitcher} from '../dist/gan/switchers/gan-switchers.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {lightTraining} from '../dist/parts/recipes/light-training.js';
import {openProcessor, timedTraining} from './training/timed.mjs';

const latentSize = 100;
/** Networks, side, batch, features of the layer next to the image. */
const sizes = [
  ['basic', 32, 32, 16],
  ['basic', 64, 64, 64],
  ['light', 32, 16, 8],
  ['light', 64, 16, 8],
];

const registry = openRegistry();
/** A part as a recipe names it. */
const made = (kind, choice) => {
  const {name, ...options} = typeof choice === 'string' ? {name: choice} : choice;
  const given = Object.entries(options).map(([key, value]) => [key, {value, origin: 'bench/augment.mjs'}]);
  return registry.create(kind, name, new Map(given));
};

/** Learners, and how many steps a round has. */
const trainings = {
  async basic({size, nFeatures}, options) {
    const [generator, critic] = [basicGenerator(size, 3, {nFeatures}), basicCritic(size, 3, {nFeatures})];
    const all = {optFunc: adam(), lr: 2e-4, switcher: FixedGANSwitcher(1, 1), ...options};
    return {make: (dls, cbs) => GANLearner.wgan(dls, generator, critic, {...all, cbs}), stepsPerRound: 2};
  },
  async light({size, nFeatures}, options) {
    const {arch, loss, opt, penalty} = lightTraining;
    const architecture = await made('architecture', {...arch, nFeatures});
    const wanted = {height: size, width: size, channels: 3, latentSize};
    const [generator, critic] = [architecture.generator(wanted), architecture.critic(wanted)];
    const penalties = await Promise.all(
      penalty.map(async (one) => ({...(await made('penalty', one)), name: one.name})),
    );
    const [steps, optFunc] = [await made('loss', loss), await made('optimizer', opt)];
    const all = {optFunc, lr: 1e-3, penalties, switcher: FixedGANSwitcher(1, 1), switchEval: false, ...options};
    const [{every}] = penalty;
    return {
      make: (dls, cbs) => new GANLearner(dls, generator, critic, steps, {...all, cbs}),
      stepsPerRound: 2 * every,
    };
  },
};

/** The augmentations, every image changed. */
const augmentationsOf = (names) =>
  Promise.all(
    names.split(',').map(async (name) => ({...(await made('augmentation', name)), name, p: 1, adapt: undefined})),
  );

function batches(size, batch) {
  const rng = new Rng(1);
  const data = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  return Array.from({length: 4}, () => ({
    input: {data: rng.normal(batch * latentSize), shape: [batch, latentSize]},
    target: {data, shape: [batch, size, size, 3]},
    size: batch,
  }));
}

async function start(device, options, [kind, size, batch, nFeatures]) {
  setSeed(1);
  const {make, stepsPerRound} = await trainings[kind]({size, nFeatures}, options);
  let learn;
  const training = timedTraining(device, {
    makeLearner: (dls, cbs) => (learn = make(dls, cbs)),
    batches: batches(size, batch),
    networkOf: (one) => one.pendingLoss.turn,
    stepsPerRound,
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

const [given = '24', threads = '1', backend = 'wasm', ...chosen] = process.argv.slice(2);
const rounds = Number(given);
const device = await openProcessor({backend, threads: Number(threads)});
console.log('networks, side, batch, features | what | kernels ms | share | processor ms | share (least to most)');
for (const size of sizes) {
  for (const names of chosen.length > 0 ? chosen : ['ema', 'color,translation,cutout']) {
    const what = names === 'ema' ? {emaHalfLife: 4000} : {augmentations: await augmentationsOf(names)};
    const both = [await start(device, {}, size), await start(device, what, size)];
    const turns = both.map((training) => ({
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
