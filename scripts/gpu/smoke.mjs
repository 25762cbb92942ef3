// The first things that a GPU is asked to do, one by one, each compared with what the host computes; a line of JSON when one
// begins and when it ends. Then in each precision convolutions of small whole numbers, which all precisions have, and a
// critic and a generator step of fastai's WGAN, for which cuDNN is asked what it offers for each convolution
// (GAN_DEBUG=cudnn prints it).
//
//     GAN_DEBUG=cudnn node scripts/gpu/smoke.mjs BACKEND SIZE BATCH [PRECISION...]
import {openBackend, setSeed, tf} from '../../dist/index.js';
import {biasActivation} from '../../dist/backends/fused/bias-activation.js';
import {deviceCapture} from '../../dist/backends/capture/device-replay.js';
import {wganLearner} from '../../bench/training/wgan.mjs';

const [backend, size, batch, ...precisions] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let failed = 0;
/** @returns whether it passed */
async function step(name, work) {
  say({check: name});
  const start = performance.now();
  const ms = () => Math.round(performance.now() - start);
  try {
    const what = await work();
    say({check: name, state: 'passed', ms: ms(), ...(what !== undefined && {what})});
    return true;
  } catch (error) {
    failed++;
    say({check: name, state: 'failed', ms: ms(), why: error.message});
    return false;
  }
}
const numbers = (count, seed) => Float32Array.from({length: count}, (_, i) => Math.sin(i * 0.37 + seed));
function near(got, wanted, tolerance = 1e-4) {
  const scale = Math.max(...wanted.map(Math.abs));
  const far = wanted.findIndex((value, i) => !(Math.abs(got[i] - value) <= tolerance * scale));
  if (got.length !== wanted.length || far >= 0) throw new Error(`number ${far} is ${got[far]}, wanted ${wanted[far]}`);
}

let device;
const open = async (precision) => {
  device = await openBackend(backend, precision === undefined ? {} : {options: {precision}});
  return device.info;
};
const [first] = precisions.includes('fp32') ? ['fp32'] : precisions;
await step('the device opens', () => open(first));
if (!device) process.exit(1);
await step('40,000 numbers go there and back', async () => {
  const values = numbers(40_000, 1);
  const x = tf.tensor1d(values);
  near(await x.data(), [...values], 0);
  x.dispose();
});
await step('a kernel adds', async () => {
  const [a, b] = [numbers(1001, 1), numbers(1001, 2)];
  const sum = tf.tidy(() => tf.add(tf.tensor1d(a), tf.tensor1d(b)));
  near(
    await sum.data(),
    Array.from(a, (value, i) => Math.fround(value + b[i])),
    1e-7,
  );
  sum.dispose();
});
await step('a reduction waits at its barriers', async () => {
  const values = numbers(300_000, 3);
  const sum = tf.tidy(() => tf.sum(tf.tensor1d(values)));
  near(await sum.data(), [values.reduce((total, value) => total + value, 0)], 1e-3);
  sum.dispose();
});
await step('a product', async () => {
  const [a, b] = [numbers(12, 1), numbers(20, 2)];
  const c = tf.tidy(() => tf.matMul(tf.tensor2d(a, [3, 4]), tf.tensor2d(b, [4, 5])));
  const wanted = Array.from({length: 15}, (_, i) =>
    [0, 1, 2, 3].reduce((total, k) => total + a[Math.floor(i / 5) * 4 + k] * b[k * 5 + (i % 5)], 0),
  );
  near(await c.data(), wanted);
  c.dispose();
});
const convolves = await step('a convolution and its two gradients', async () => {
  const [x, w] = [numbers(2 * 6 * 6 * 4, 1), numbers(3 * 3 * 4 * 8, 2)];
  const y = tf.tidy(() => {
    const [image, filter] = [tf.tensor4d(x, [2, 6, 6, 4]), tf.tensor4d(w, [3, 3, 4, 8])];
    const {value, grads} = tf.valueAndGrads((a, f) => tf.sum(tf.conv2d(a, f, 1, 'valid')))([image, filter]);
    return [value, ...grads];
  });
  const [value, dx, dw] = await Promise.all(y.map((one) => one.data()));
  // of a sum, the gradient by a number of the filter is the sum of the pixels under it, and the other way round
  const pixels = (n, r, c, k) => x[((n * 6 + r) * 6 + c) * 4 + k];
  const under = Array.from({length: 36}, (_, i) => {
    const [a, b, k] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
    let total = 0;
    for (let n = 0; n < 2; n++)
      for (let r = 0; r < 4; r++) for (let c = 0; c < 4; c++) total += pixels(n, r + a, c + b, k);
    return total;
  });
  near(
    dw,
    under.flatMap((total) => new Array(8).fill(total)),
  );
  near(
    [...value],
    [under.reduce((total, one, i) => total + one * w.slice(i * 8, i * 8 + 8).reduce((s, v) => s + v, 0), 0)],
  );
  near(
    [...dx.slice(0, 4)],
    [0, 1, 2, 3].map((k) => w.slice(k * 8, k * 8 + 8).reduce((s, v) => s + v, 0)),
  );
  tf.dispose(y);
});
await step('a recording runs again', async () => {
  const capture = deviceCapture();
  if (!capture) return 'this backend makes none';
  const [x, out] = [tf.tensor1d([1, 2, 3]), capture.allocate([3], 'float32')];
  tf.dispose(tf.square(x));
  const recording = capture.record(() => tf.tidy(() => capture.copy(tf.square(x), out)));
  recording.launch();
  recording.launch();
  near(await tf.backend().read(out.dataId), [1, 4, 9], 0);
  recording.dispose();
  tf.backend().disposeData(out.dataId);
  x.dispose();
});
await step('the device closes', () => device.close());

/** Numbers of -1, 0 and 1. */
function whole(shape, seed) {
  const count = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({length: count}, (_, i) => ((i * 7 + seed * (i >> 3)) % 3) - 1),
    shape,
  );
}
/** Activated convolutions of few and of many channels, and their gradients: bfloat16 has all of these numbers. */
function exact() {
  const results = tf.tidy(() =>
    [3, 8].flatMap((channels) => {
      const given = [whole([2, 6, 6, channels], 1), whole([3, 3, channels, 8], 2), whole([8], 3)];
      const y = (x, filter, bias) => biasActivation(tf.conv2d(x, filter, 1, 'same'), bias, 0.5);
      return [y(...given), ...tf.grads((...all) => tf.sum(y(...all)))(given)];
    }),
  );
  return Promise.all(
    results.map(async (one) => {
      const values = [...(await one.data())];
      one.dispose();
      return values;
    }),
  );
}
/** The results of the first precision, in which convolutions were compared with the host's. */
let wanted;
for (const precision of precisions.length > 0 ? precisions : [undefined])
  await step(
    `steps of the WGAN of ${size}x${size}, batch ${batch}${precision === undefined ? '' : `, ${precision}`}`,
    async () => {
      await open(precision);
      if (convolves) {
        const got = await exact();
        wanted ??= got;
        got.forEach((values, i) => near(values, wanted[i], 1 / 64));
      }
      setSeed(42);
      const learn = wganLearner({size: Number(size), batch: Number(batch), steps: () => 6}, {capture: 'off'});
      await learn.fit(1);
      learn.dispose();
      await device.close();
    },
  );
process.exit(failed === 0 ? 0 : 1);
