// What augmentations of the critic's images cost: training steps with and without them, in turns, on one device.
//
//     npm run build && node bench/augment.mjs [rounds=8] [threads=2] [names=color,translation,cutout ...]
//
// A round is a critic step and a generator step of the basic networks; both are repeated from recordings. Each name, or
// list of names joined by commas, is compared with a training without augmentations. Prints the medians of a round's
// milliseconds, and the median of the share that augmentations take of a round, with the least and the greatest. It is
// the time of the processor, in all threads, which other programs disturb less than that of the clock.
import {GANLearner} from '../dist/gan/gan-learner.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {adam} from '../dist/gan/optim/rules.js';
import {Rng} from '../dist/gan/rng.js';
import {setSeed} from '../dist/gan/streams.js';
import {median} from '../dist/bench/statistics.js';
import {FixedGANSwitcher} from '../dist/gan/switchers/gan-switchers.js';
import {openRegistry} from '../dist/plugin/discover.js';
import {openWasm, timedTraining} from './training/timed.mjs';

/** Side, batch, features of the first convolution. */
const sizes = [
  [32, 32, 16],
  [64, 64, 64],
];

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
    input: {data: rng.normal(batch * 100), shape: [batch, 100]},
    target: {data, shape: [batch, size, size, 3]},
    size: batch,
  }));
}

function start(device, augmentations, [size, batch, nFeatures]) {
  setSeed(1);
  const critic = basicCritic(size, 3, {nFeatures});
  const generator = basicGenerator(size, 3, {nFeatures});
  let learn;
  const training = timedTraining(device, {
    makeLearner: (dls, cbs) =>
      (learn = GANLearner.wgan(dls, generator, critic, {
        optFunc: adam(),
        lr: 2e-4,
        switcher: FixedGANSwitcher(1, 1),
        augmentations,
        cbs,
      })),
    batches: batches(size, batch),
    networkOf: (one) => one.pendingLoss.turn,
    stepsPerRound: 2,
  });
  return {train: (rounds) => training.train(rounds), learn: () => learn};
}

/** Milliseconds of the processor for a round. */
async function timed(training) {
  const before = process.cpuUsage();
  await training.train(1);
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1e3;
}

const [rounds = '8', threads = '2', ...chosen] = process.argv.slice(2);
const device = await openWasm({threads: Number(threads)});
console.log('side, batch, features | augmentations | without ms | with ms | share (least to most)');
for (const size of sizes) {
  for (const names of chosen.length > 0 ? chosen : ['color,translation,cutout']) {
    const [plain, augmented] = [start(device, [], size), start(device, await made(names), size)];
    for (const one of [plain, augmented]) await one.train(3);
    const pairs = [];
    for (let i = 0; i < Number(rounds); i++) {
      const turns = i % 2 === 0 ? [plain, augmented] : [augmented, plain];
      const ms = new Map();
      for (const turn of turns) ms.set(turn, await timed(turn));
      pairs.push([ms.get(plain), ms.get(augmented)]);
    }
    const shares = pairs.map(([without, all]) => 100 * (1 - without / all));
    if (augmented.learn().capture.repeated === 0) throw new Error('no step was repeated');
    console.log(
      [
        size.join(),
        names,
        median(pairs.map(([ms]) => ms)).toFixed(1),
        median(pairs.map(([, ms]) => ms)).toFixed(1),
        `${median(shares).toFixed(1)} % (${Math.min(...shares).toFixed(1)} to ${Math.max(...shares).toFixed(1)})`,
      ].join(' | '),
    );
    for (const one of [plain, augmented]) one.learn().dispose();
  }
}
await device.close();
