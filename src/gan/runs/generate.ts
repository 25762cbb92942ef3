import type {Device} from '../../backends/device.js';
import type {Architecture} from '../../plugin/index.js';
import {readCheckpoint, withoutPrefix} from '../checkpoint.js';
import {Normalization} from '../data/normalize.js';
import type {HostTensor} from '../data/types.js';
import {generateImages as generateBatch} from '../gan-learner.js';
import {Rng} from '../rng.js';
import type {RunConfig} from './run-config.js';
import {RunFolder} from './run-folder.js';

/** Images made at a time: bounds the memory, whatever `n` is. */
const batchSize = 64;

export interface Run {
  config: RunConfig;
  /** The newest checkpoint. */
  checkpoint: string;
}

/** @throws GanError GAN_RUN_NOT_FOUND, GAN_NO_CHECKPOINT (exit 5) */
export async function loadRun(dir: string): Promise<Run> {
  const folder = new RunFolder(dir);
  return {config: await folder.readConfig(), checkpoint: await folder.latestCheckpoint()};
}

export interface GenerateRequest {
  n: number;
  /** Image i depends on the seed and i only, not on `n`. */
  seed: number;
  device: Device;
  parts: {architecture: Architecture};
}

/** `n` images from the newest checkpoint of a run, as bytes [n, size, size, channels]. Needs the run only, not its data. */
export async function generateImages(dir: string, {n, seed, parts}: GenerateRequest): Promise<{images: HostTensor}> {
  const {config, checkpoint} = await loadRun(dir);
  const {size, channels, latent} = config;
  const {model} = await readCheckpoint(checkpoint);
  const generator = parts.architecture.generator({size, channels, latentSize: latent});
  try {
    generator.loadStateDict(withoutPrefix('generator.', model));
    const rng = new Rng(seed).fork('generate');
    const normalization = Normalization.symmetric(channels);
    const images = new Uint8Array(n * size * size * channels);
    for (let start = 0; start < n; start += batchSize) {
      const count = Math.min(batchSize, n - start);
      const latents = new Float32Array(count * latent);
      for (let i = 0; i < count; i++) latents.set(rng.fork(start + i).normal(latent), i * latent);
      const made = await generateBatch(generator, {data: latents, shape: [count, latent]}, {normalization});
      images.set(made.data, start * size * size * channels);
    }
    return {images: {data: images, shape: [n, size, size, channels]}};
  } finally {
    generator.dispose();
  }
}
