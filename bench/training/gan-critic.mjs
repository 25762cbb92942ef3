// fastai's gan_critic, trained by this project to tell two kinds of images apart, as it is before a GAN. Used by
// bench/pytorch.mjs, and by itself:
//
//     npm run build && GAN_DEBUG=kernels node bench/training/gan-critic.mjs [size=64] [batch=16] [rounds=2] [threads] [backend=wasm]
import {pathToFileURL} from 'node:url';
import {Learner} from '../../dist/gan/learner.js';
import {bceWithLogits} from '../../dist/gan/losses/functions.js';
import {AdaptiveLoss} from '../../dist/gan/losses/gan-loss.js';
import {ganCritic} from '../../dist/gan/nets/gan-critic.js';
import {adam} from '../../dist/gan/optim/rules.js';
import {Rng} from '../../dist/gan/rng.js';
import {openProcessor, printTimes, timedTraining} from './timed.mjs';

/** A round is two steps. */
export async function startGanCritic({size = 64, batch = 16, ...options} = {}) {
  const device = await openProcessor(options);
  const critic = ganCritic();
  const rng = new Rng(1);
  const data = Uint8Array.from({length: batch * size * size * 3}, () => rng.int(256));
  const labels = Float32Array.from({length: batch}, (_, i) => (i < batch / 2 ? 1 : 0));
  return timedTraining(device, {
    makeLearner: (dls, cbs) =>
      new Learner(dls, critic, new AdaptiveLoss(bceWithLogits).forward, {optFunc: adam({wd: 0}), lr: 1e-4, cbs}),
    batches: [{input: {data, shape: [batch, size, size, 3]}, target: {data: labels, shape: [batch]}, size: batch}],
    networkOf: () => 'critic',
    stepsPerRound: 2,
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [size = 64, batch = 16, rounds = 2, threads] = process.argv.slice(2, 6).map(Number);
  const backend = process.argv[6];
  await printTimes(await startGanCritic({size, batch, threads, backend}), rounds);
}
