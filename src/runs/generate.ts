import type {Architecture} from '../plugin/index.js';
import {readCheckpoint, withoutPrefix} from '../gan/checkpoint.js';
import {Normalization} from '../gan/data/normalize.js';
import type {HostTensor} from '../gan/data/types.js';
import {generateImages as generateBatch} from '../gan/gan-learner.js';
import {drawLatent, type LatentOptions} from '../gan/latents.js';
import type {RunConfig} from '../options/run-config.js';
import {RunFolder, type Which} from './run-folder.js';

/** Images made at a time: bounds the memory, however many are wanted. */
const batchSize = 64;

export interface Run {
  config: RunConfig;
  /** Its folder. */
  checkpoint: string;
}

/**
 * @param which of its checkpoints
 * @throws GanError GAN_RUN_NOT_FOUND, GAN_NO_CHECKPOINT (exit 5)
 */
export async function loadRun(dir: string, which: Which = 'newest'): Promise<Run> {
  const folder = new RunFolder(dir);
  return {config: await folder.readConfig(), checkpoint: await folder.checkpointOf(which)};
}

export interface GenerateRequest extends LatentOptions {
  /** `n` images of one seed; image i depends on the seed and i only, not on `n`. */
  n?: number;
  seed?: number;
  /** In their place: the first image of each of these seeds. */
  seeds?: readonly number[];
  /** Which of its checkpoints; absent: the newest. */
  checkpoint?: Which | undefined;
  parts: {architecture: Architecture};
}

/** Images from a checkpoint of a run, as bytes [n, size, size, channels]. Needs the run only, not its data; a device must be open. */
export async function generateImages(
  dir: string,
  {n = 1, seed = 0, seeds, checkpoint, parts, ...options}: GenerateRequest,
): Promise<{images: HostTensor}> {
  return withGenerator(
    dir,
    parts,
    async ({latentSize, draw}) => {
      const latents = seeds
        ? seeds.map((each) => drawLatent(latentSize, each, 0, options))
        : Array.from({length: n}, (_, i) => drawLatent(latentSize, seed, i, options));
      return {images: await draw(latents)};
    },
    checkpoint,
  );
}

/** The generator of a run, for as long as it is used. */
export interface OpenGenerator {
  config: RunConfig;
  latentSize: number;
  /** One image a latent: [latentSize] each -> bytes [n, size, size, channels]. */
  draw(latents: readonly Float32Array[]): Promise<HostTensor>;
  dispose(): void;
}

/**
 * The generator of a run, on the device that is open.
 * @param which of its checkpoints
 * @throws GanError GAN_RUN_NOT_FOUND, GAN_NO_CHECKPOINT, GAN_CHECKPOINT (exit 5)
 */
export async function openGenerator(
  dir: string,
  parts: {architecture: Architecture},
  which?: Which,
): Promise<OpenGenerator> {
  const {config, checkpoint} = await loadRun(dir, which);
  const {size, channels, latent: latentSize} = config;
  const {model} = await readCheckpoint(checkpoint);
  const generator = parts.architecture.generator({size, channels, latentSize});
  try {
    generator.loadStateDict(withoutPrefix('generator.', model));
  } catch (error) {
    generator.dispose();
    throw error;
  }
  const normalization = Normalization.symmetric(channels);
  const draw = async (latents: readonly Float32Array[]): Promise<HostTensor> => {
    const images = new Uint8Array(latents.length * size * size * channels);
    for (let start = 0; start < latents.length; start += batchSize) {
      const batch = latents.slice(start, start + batchSize);
      const flat = new Float32Array(batch.length * latentSize);
      batch.forEach((latent, i) => flat.set(latent, i * latentSize));
      const made = await generateBatch(generator, {data: flat, shape: [batch.length, latentSize]}, {normalization});
      images.set(made.data, start * size * size * channels);
    }
    return {data: images, shape: [latents.length, size, size, channels]};
  };
  return {config, latentSize, draw, dispose: () => generator.dispose()};
}

/** Calls `use` with the generator of a run's checkpoint, and frees it afterwards. @throws as `openGenerator` */
export async function withGenerator<T>(
  dir: string,
  parts: {architecture: Architecture},
  use: (generator: OpenGenerator) => Promise<T>,
  which?: Which,
): Promise<T> {
  const generator = await openGenerator(dir, parts, which);
  try {
    return await use(generator);
  } finally {
    generator.dispose();
  }
}
