// The WGAN of fastai's documentation, trained by this project from data in memory. Used by bench/pytorch.mjs, and by itself:
//
//     npm run build && GAN_DEBUG=kernels node bench/wgan.mjs [size=64] [batch=32] [rounds=3] [threads]
//
// GAN_DEBUG=kernels lists what ran where, and for how long.
import {pathToFileURL} from 'node:url';
import {openDevice} from '../dist/backends/open.js';
import {tf} from '../dist/backends/tf.js';
import {GANLearner} from '../dist/gan/gan-learner.js';
import {Normalization} from '../dist/gan/data/normalize.js';
import {LeakyReLU} from '../dist/gan/layers/activations.js';
import {basicCritic} from '../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../dist/gan/nets/basic-generator.js';
import {rmsProp} from '../dist/gan/optim/rules.js';
import {Rng} from '../dist/gan/rng.js';
import {opt} from '../dist/plugin/options.js';
import plugin from '../plugins/wasm/dist/index.js';

/** Batches of latents and of random bytes for images, made once. */
function memoryLoader(size, batch, length) {
  const rng = new Rng(1);
  const bytes = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  const latents = Array.from({length: 8}, () => rng.normal(batch * 100));
  return {
    batchSize: batch,
    size: batch * length,
    length,
    async *epoch() {
      for (let i = 0; i < length; i++) {
        yield {input: {data: latents[i % 8], shape: [batch, 100]}, target: {data: bytes, shape: [batch, size, size, 3]}, size: batch};
      }
    },
  };
}

/** Opens the device; `train` runs that many rounds of five critic steps and a generator step and returns their times. */
export async function startWgan({size = 64, batch = 32, threads, relaxedSimd = true, wideSimd = true} = {}) {
  const device = await openDevice('wasm', plugin({tf, opt, backend: (definition) => definition}).create({threads, relaxedSimd, wideSimd}));
  const critic = basicCritic(size, 3, {nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
  const generator = basicGenerator(size, 3, {nExtraLayers: 1});
  let loader;
  const dls = {
    get train() {
      return loader;
    },
    normalization: Normalization.symmetric(3),
    report: () => ({items: 0, skipped: []}),
  };
  const times = [];
  let start;
  const clock = {
    name: 'clock',
    order: -100,
    beforeBatch: () => void (start ??= performance.now()),
    async afterBatch(learn) {
      await learn.readLosses();
      const now = performance.now();
      times.push({network: learn.ganTrainer.lastMode, ms: now - start, loss: learn.latest.value});
      start = now; // the next step begins with making its batch
    },
  };
  const learn = GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), lr: 2e-4, cbs: [{...clock, order: 100}]});
  return {
    device,
    async train(rounds) {
      times.length = 0;
      start = undefined;
      loader = memoryLoader(size, batch, rounds * 6);
      await learn.fit(1);
      return [...times];
    },
    async close() {
      learn.dispose();
      await device.close();
    },
  };
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [size = 64, batch = 32, rounds = 3, threads] = process.argv.slice(2).map(Number);
  const wgan = await startWgan({size, batch, threads});
  console.log(wgan.device.info);
  await wgan.train(1);
  const times = await wgan.train(rounds);
  for (const network of ['critic', 'generator']) {
    const ms = times.filter((one) => one.network === network).map((one) => one.ms);
    console.log(`${network}: median ${median(ms).toFixed(1)} ms, fastest ${Math.min(...ms).toFixed(1)} ms`);
  }
  console.log(`losses ${times.slice(-3).map(({loss}) => loss)}; peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
  await wgan.close();
}
