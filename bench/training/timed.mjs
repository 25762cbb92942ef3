// A training from data in memory that says how long each of its steps took.
import {registerKernels} from '../../dist/backends/kernels.js';
import {openDevice} from '../../dist/backends/open.js';
import {tf} from '../../dist/backends/tf.js';
import {Normalization} from '../../dist/gan/data/normalize.js';
import {GanError} from '../../dist/errors.js';
import {opt} from '../../dist/options/options.js';
import {systemLimits} from '../../dist/system-limits.js';
import native from '../../plugins/native/dist/index.js';
import wasm from '../../plugins/wasm/dist/index.js';
import {median} from '../../dist/bench/statistics.js';

const api = {
  tf,
  opt,
  GanError,
  kernels: {register: registerKernels},
  limits: systemLimits,
  backend: (definition) => definition,
};

/** The wasm backend. */
export const openWasm = (options) =>
  openDevice('wasm', wasm(api).create({relaxedSimd: true, wideSimd: true, ...options}));

/** One of the backends for the processor, `wasm` or `native`. */
export const openProcessor = ({backend = 'wasm', isa = 'auto', precision = 'fp32', ...options}) =>
  backend === 'native' ? openDevice('native', native(api).create({isa, precision, ...options})) : openWasm(options);

/** Data in memory: `length()` steps an epoch, which take `batches` in turn. */
export const memoryData = (batches, length) => ({
  get train() {
    const [{size}, steps] = [batches[0], length()];
    return {
      batchSize: size,
      size: size * steps,
      length: steps,
      async *epoch() {
        for (let i = 0; i < steps; i++) yield batches[i % batches.length];
      },
    };
  },
  normalization: Normalization.symmetric(3),
  report: () => ({items: 0, skipped: []}),
});

/**
 * @param makeLearner gets the data and the callbacks
 * @param batches inputs and targets on the host, taken in turn
 * @param networkOf the network that the step just done has trained
 * @param stepsPerRound so many steps `train` does a round
 * @returns `train(rounds)`, which gives the steps' times, and `close()`
 */
export function timedTraining(device, {makeLearner, batches, networkOf, stepsPerRound}) {
  const times = [];
  let length;
  let start;
  const readClocks = () => {
    const {user, system} = process.cpuUsage();
    return {ms: performance.now(), processorMs: (user + system) / 1e3};
  };
  const clock = {
    name: 'clock',
    runAfter: ['recorder'],
    beforeBatch: () => void (start ??= readClocks()),
    async afterBatch(learn) {
      await learn.readLosses();
      const now = readClocks();
      const [ms, processorMs] = [now.ms - start.ms, now.processorMs - start.processorMs];
      times.push({network: networkOf(learn), ms, processorMs, loss: learn.pendingLoss.value});
      start = now; // the next step begins with making its batch
    },
  };
  const learn = makeLearner(
    memoryData(batches, () => length),
    [clock],
  );
  return {
    device,
    async train(rounds) {
      times.length = 0;
      start = undefined;
      length = rounds * stepsPerRound;
      await learn.fit(1);
      return [...times];
    },
    async close() {
      learn.dispose();
      await device.close();
    },
  };
}

/** Prints the medians of a training that is run by itself. */
export async function printTimes(training, rounds) {
  console.log(training.device.info);
  await training.train(1);
  const times = await training.train(rounds);
  for (const network of new Set(times.map((one) => one.network))) {
    const ms = times.filter((one) => one.network === network).map((one) => one.ms);
    console.log(`${network}: median ${median(ms).toFixed(1)} ms, fastest ${Math.min(...ms).toFixed(1)} ms`);
  }
  console.log(
    `losses ${times.slice(-3).map(({loss}) => loss)}; peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  );
  await training.close();
}
