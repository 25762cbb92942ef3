// Steps repeated from recordings against the same steps on tfjs's tape, in turn on one device: the WGAN of fastai's
// documentation at small and at full size.
//
//     npm run build && node bench/capture.mjs [rounds=8] [size,batch,features ...]
//
// Prints for each size the milliseconds of a step and the median of the pairs' ratios, eager to repeated, with the
// least and the greatest. One thread, and the time of the processor, which other programs disturb less than that of the
// clock. Peak memory comes from a process of its own for each of the two.
import {execFileSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {GANLearner} from '../dist/gan/gan-learner.js';
import {LeakyReLU} from '../dist/gan/layers/activations.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {rmsProp} from '../dist/gan/optim/rules.js';
import {Rng} from '../dist/gan/rng.js';
import {setSeed} from '../dist/gan/streams.js';
import {median} from '../dist/bench/statistics.js';
import {openWasm, timedTraining} from './training/timed.mjs';

const sizes = [
  [8, 2, 4],
  [16, 4, 8],
  [32, 8, 16],
  [32, 32, 64],
  [64, 16, 64],
];

function batches(size, batch) {
  const rng = new Rng(1);
  const data = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  return Array.from({length: 4}, () => ({
    input: {data: rng.normal(batch * 100), shape: [batch, 100]},
    target: {data, shape: [batch, size, size, 3]},
    size: batch,
  }));
}

/** A training of six steps a round: five of the critic, one of the generator. */
function start(device, capture, [size, batch, nFeatures]) {
  setSeed(1);
  const critic = basicCritic(size, 3, {nFeatures, nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
  const generator = basicGenerator(size, 3, {nFeatures, nExtraLayers: 1});
  let learn;
  const training = timedTraining(device, {
    makeLearner: (dls, cbs) =>
      (learn = GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), lr: 2e-4, capture, cbs})),
    batches: batches(size, batch),
    networkOf: (one) => one.pendingLoss.turn,
    stepsPerRound: 6,
  });
  return {
    train: (rounds) => training.train(rounds),
    repeated: () => learn.capture.repeated,
    dispose: () => learn.dispose(),
  };
}

/** Trains four rounds; processor milliseconds of a step, and the losses. */
async function timed(training) {
  const before = process.cpuUsage();
  const times = await training.train(4);
  const {user, system} = process.cpuUsage(before);
  return {ms: (user + system) / 1e3 / times.length, losses: times.map(({loss}) => loss).join()};
}

async function compare(size, rounds) {
  const device = await openWasm({threads: 1});
  const [eager, repeated] = [start(device, 'off', size), start(device, 'auto', size)];
  await eager.train(4);
  await repeated.train(4); // the generator's step is trusted at its third
  const pairs = [];
  for (let i = 0; i < rounds; i++) {
    const turns = i % 2 === 0 ? [eager, repeated] : [repeated, eager];
    const times = new Map();
    for (const turn of turns) times.set(turn, await timed(turn));
    const [a, b] = [times.get(eager), times.get(repeated)];
    if (a.losses !== b.losses) throw new Error('the two trainings differ');
    pairs.push([a.ms, b.ms]);
  }
  if (repeated.repeated() === 0) throw new Error('nothing was repeated');
  const ratios = pairs.map(([a, b]) => a / b);
  const result = {
    size: size.join(),
    eagerMs: median(pairs.map(([a]) => a)),
    repeatedMs: median(pairs.map(([, b]) => b)),
    ratio: median(ratios),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
  };
  eager.dispose();
  repeated.dispose();
  await device.close();
  return result;
}

/** Peak resident memory of one of the two, in MiB. */
const peak = (capture, size) =>
  Number(
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'peak', capture, size.join()], {
      encoding: 'utf8',
      env: process.env,
    }),
  );

const [first, ...rest] = process.argv.slice(2);
if (first === 'peak') {
  const device = await openWasm({});
  const training = start(device, rest[0], rest[1].split(',').map(Number));
  await training.train(4);
  console.log((process.resourceUsage().maxRSS / 1024).toFixed(0));
  training.dispose();
  await device.close();
} else {
  const chosen = rest.length > 0 ? rest.map((text) => text.split(',').map(Number)) : sizes;
  console.log(
    'size,batch,features | eager ms | repeated ms | eager / repeated (least, most) | peak MiB eager, repeated',
  );
  for (const size of chosen) {
    const {eagerMs, repeatedMs, ratio, least, most} = await compare(size, Number(first ?? 8));
    const ms = [eagerMs, repeatedMs].map((value) => value.toFixed(2));
    console.log(
      `${size} | ${ms.join(' | ')} | ${ratio.toFixed(2)} (${least.toFixed(2)}, ${most.toFixed(2)}) | ${peak('off', size)}, ${peak('auto', size)}`,
    );
  }
}
