// The half of bench/gpu.mjs that trains with this project; prints a line of JSON.
//
//     node own.mjs SIZE BATCH auto|off BLOCKS ROUNDS [BACKEND] [PRECISION]
//
// auto and off: whether steps are recorded and repeated. A round is five critic steps and a generator step; the device is waited for around each
// block of rounds only, as in peer.py.
import {GANLearner, LeakyReLU, basicCritic, basicGenerator, openBackend, rmsProp, setSeed} from '../../dist/index.js';
import {Normalization} from '../../dist/gan/data/normalize.js';
import {memoryBatches} from '../training/wgan.mjs';

const [size, batch] = process.argv.slice(2, 4).map(Number);
const capture = process.argv[4];
const [blocks, rounds] = process.argv.slice(5, 7).map(Number);
const [backend = 'cuda', precision] = process.argv.slice(7);
const stepsPerRound = 6;
const warmUp = 4;

const device = await openBackend(backend, precision === undefined ? {} : {options: {precision}});
setSeed(42);
const batches = memoryBatches(size, batch);
const length = (warmUp + blocks * rounds) * stepsPerRound;
const dls = {
  train: {
    batchSize: batch, size: batch * length, length,
    async *epoch() {
      for (let i = 0; i < length; i++) yield batches[i % batches.length];
    },
  },
  normalization: Normalization.symmetric(3),
  report: () => ({items: 0, skipped: []}),
};
const roundMs = [];
let steps = 0;
let start;
const clock = {
  name: 'clock',
  order: 100,
  async afterBatch() {
    steps++;
    const done = steps / stepsPerRound - warmUp;
    if (done < 0 || done % rounds !== 0) return;
    await device.sync();
    const now = performance.now();
    if (start !== undefined) roundMs.push((now - start) / rounds);
    start = now;
  },
};
const generator = basicGenerator(size, 3, {nExtraLayers: 1});
const critic = basicCritic(size, 3, {nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
const learn = GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), lr: 2e-4, cbs: [clock], capture});
await learn.fit(1);
const repeated = learn.capture.repeated;
learn.dispose();
const info = device.info;
await device.close();
console.log(JSON.stringify({info, roundMs, repeated, node: process.version}));
