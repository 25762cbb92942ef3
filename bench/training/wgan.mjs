// The WGAN of fastai's documentation, trained by this project from data in memory. Used by bench/pytorch.mjs, and by
// itself:
//
//     npm run build && GAN_DEBUG=kernels node bench/training/wgan.mjs [size=64] [batch=32] [rounds=3] [threads] [backend=wasm]
//
// GAN_DEBUG=kernels lists what ran where, and for how long.
import {pathToFileURL} from 'node:url';
import {GANLearner} from '../../dist/gan/gan-learner.js';
import {LeakyReLU} from '../../dist/gan/layers/activations.js';
import {basicCritic} from '../../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../../dist/gan/nets/basic-generator.js';
import {rmsProp} from '../../dist/gan/optim/rules.js';
import {Rng} from '../../dist/gan/rng.js';
import {memoryData, openProcessor, printTimes, timedTraining} from './timed.mjs';

/** Latents, and random bytes for images. */
export function memoryBatches(size, batch) {
  const rng = new Rng(1);
  const data = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  return Array.from({length: 8}, () => ({
    input: {data: rng.normal(batch * 100), shape: [batch, 100]},
    target: {data, shape: [batch, size, size, 3]},
    size: batch,
  }));
}

/**
 * The training itself, of an open device, for `steps()` steps. `options` are those of the learner.
 * @param nExtraLayers of both networks
 */
export const wganLearner = ({size, batch, steps, nExtraLayers = 1}, options = {}) =>
  GANLearner.wgan(
    memoryData(memoryBatches(size, batch), steps),
    basicGenerator(size, 3, {nExtraLayers}),
    basicCritic(size, 3, {nExtraLayers, actCls: () => new LeakyReLU(0.2)}),
    {optFunc: rmsProp(), lr: 2e-4, ...options},
  );

/**
 * Trains networks with the losses of a WGAN. A round is five critic steps and a generator step.
 * @param makeNetworks called when the device is open
 */
export async function startAsWgan(makeNetworks, {size, batch, ...options}) {
  const device = await openProcessor(options);
  const {generator, critic} = makeNetworks();
  return timedTraining(device, {
    makeLearner: (dls, cbs) => GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), lr: 2e-4, cbs}),
    batches: memoryBatches(size, batch),
    networkOf: (learn) => learn.pendingLoss.turn,
    stepsPerRound: 6,
  });
}

export const startWgan = ({size = 64, batch = 32, ...options} = {}) =>
  startAsWgan(
    () => {
      const critic = basicCritic(size, 3, {nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
      return {critic, generator: basicGenerator(size, 3, {nExtraLayers: 1})};
    },
    {size, batch, ...options},
  );

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [size = 64, batch = 32, rounds = 3, threads] = process.argv.slice(2, 6).map(Number);
  const backend = process.argv[6];
  await printTimes(await startWgan({size, batch, threads, backend}), rounds);
}
