// The residual networks of SNGAN with 32 channels next to the image, trained by this project from data in memory with the
// losses of a WGAN. Used by bench/pytorch.mjs, and by itself:
//
//     npm run build && node bench/training/resnet.mjs [size=64] [batch=16] [rounds=3] [threads] [backend=wasm] [precision=fp32]
import {pathToFileURL} from 'node:url';
import {resnetCritic, resnetGenerator} from '../../dist/gan/nets/resnet.js';
import {printTimes} from './timed.mjs';
import {startAsWgan} from './wgan.mjs';

export const startResnet = ({size = 64, batch = 16, ...options} = {}) =>
  startAsWgan(
    () => {
      const image = {height: size, width: size, channels: 3};
      const critic = resnetCritic(image, {nFeatures: 32, norm: 'none'});
      return {critic, generator: resnetGenerator(image, {nFeatures: 32, latentSize: 100})};
    },
    {size, batch, ...options},
  );

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [size = 64, batch = 16, rounds = 3, threads] = process.argv.slice(2, 6).map(Number);
  const [backend, precision] = process.argv.slice(6);
  await printTimes(await startResnet({size, batch, threads, backend, precision}), rounds);
}
