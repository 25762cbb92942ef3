// Trains fastai's WGAN at 32 x 32 for some steps, prints {losses, weights (a hash), repeated, launched, refusals, early, late}
// as a line of JSON.
//
//     node steps.mjs STEPS auto|off BACKEND [PRECISION]
//
// `repeated` counts steps that were repeated, `launched` those of them that the device ran as a graph, and `refusals` says
// why others were not. `early` and `late`, after a tenth of the steps and at the end: `tensors` and `bytes` are what tfjs counts,
// `allocatedMiB` what the backend has of the card, where it tells, `gpuMiB` what nvidia-smi says of the process.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {openBackend, setSeed, tf} from '../../dist/index.js';
import {wganLearner} from '../../bench/training/wgan.mjs';

const [steps, capture, backend, precision] = [Number(process.argv[2]), ...process.argv.slice(3)];
const device = await openBackend(backend, precision === undefined ? {} : {options: {precision}});
setSeed(42);

/** What the driver says that this process holds on the GPU; undefined where it does not say. */
function gpuMiB() {
  try {
    const table = execFileSync(
      'nvidia-smi',
      ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'],
      {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']},
    );
    return table
      .split('\n')
      .map((line) => line.split(',').map(Number))
      .find(([pid]) => pid === process.pid)?.[1];
  } catch {
    return undefined;
  }
}
const mebibytes = (bytes) => (bytes === undefined ? undefined : Math.round(bytes / 2 ** 20));
const held = () => ({
  tensors: tf.memory().numTensors,
  bytes: tf.memory().numBytes,
  allocatedMiB: mebibytes(tf.memory().numBytesInGPUAllocated),
  gpuMiB: gpuMiB(),
  rssMiB: mebibytes(process.memoryUsage().rss),
});

const losses = [];
let step = 0;
let early;
let late;
const phase = (at) => Math.floor(at / 6) * 6;
const watch = {
  name: 'watch',
  runAfter: ['recorder'],
  async afterBatch(learn) {
    step++;
    if (step % 10 === 0 || step <= 20) {
      await learn.readLosses();
      losses.push(learn.pendingLoss.value);
    }
    // both in the same turn of the two networks, of which one is frozen
    if (step === phase(steps / 10)) early = held();
    if (step === phase(steps)) late = held();
  },
};
const learn = wganLearner({size: 32, batch: 16, steps: () => steps, nExtraLayers: 0}, {cbs: [watch], capture});
await learn.fit(1);
await device.sync();
const hash = createHash('sha256');
for (const [name, {variable}] of learn.model.namedParameters())
  hash.update(name).update(new Uint8Array((await variable.data()).buffer));
const {repeated, launched, refusals} = learn.capture;
learn.dispose();
await device.close();
console.log(JSON.stringify({losses, weights: hash.digest('hex'), repeated, launched, refusals, early, late}));
