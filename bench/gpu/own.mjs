// The half of bench/gpu.mjs that trains with this project; prints a line of JSON.
//
//     node own.mjs SIZE BATCH auto|off BLOCKS ROUNDS [BACKEND] [PRECISION]
//
// auto and off: whether steps are recorded and repeated. A round is five critic steps and a generator step; the device
// is waited for around each block of rounds only, as in peer.py. After that `parts`: where the time on the card goes in
// two rounds without recordings (`parts` of tf.time, of a backend that has them: plugins/cuda/src/profile.ts), for a
// round.
import {openBackend, setSeed, tf} from '../../dist/index.js';
import {wganLearner} from '../training/wgan.mjs';

const [size, batch] = process.argv.slice(2, 4).map(Number);
const capture = process.argv[4];
const [blocks, rounds] = process.argv.slice(5, 7).map(Number);
const [backend = 'cuda', precision] = process.argv.slice(7);
const stepsPerRound = 6;
const warmUp = 4;
const profiledRounds = 2;

const device = await openBackend(backend, precision === undefined ? {} : {options: {precision}});
setSeed(42);
const learner = (rounds, options) => wganLearner({size, batch, steps: () => rounds * stepsPerRound}, options);
const roundMs = [];
let steps = 0;
let start;
const clock = {
  name: 'clock',
  runAfter: ['recorder'],
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
const learn = learner(warmUp + blocks * rounds, {cbs: [clock], capture});
await learn.fit(1);
const {repeated, launched, refusals} = learn.capture;
learn.dispose();
const peakBytes = tf.memory().peakBytesInGPUAllocated;

/** Parts of the time on the card, for a round; undefined where the backend does not tell. */
async function parts() {
  if (!('peakBytesInGPUAllocated' in tf.memory())) return undefined;
  const warm = learner(1, {capture: 'off'});
  await warm.fit(1);
  warm.dispose();
  const measured = learner(profiledRounds, {capture: 'off'});
  const times = await tf.time(() => measured.fit(1));
  measured.dispose();
  return Object.fromEntries(
    Object.entries(times.parts).map(([part, sums]) => [
      part,
      Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / profiledRounds])),
    ]),
  );
}
const onDevice = await parts();
const info = device.info;
await device.close();
console.log(
  JSON.stringify({info, roundMs, repeated, launched, refusals, peakBytes, parts: onDevice, node: process.version}),
);
