import type {HostTensor} from '../gan/data/types.js';
import type {DirectionOptions, LatentDirections} from '../gan/latent-directions.js';
import type {ProjectOptions} from '../gan/project.js';
import {
  openRun,
  type DirectionsRequest,
  type EvaluateRequest,
  type GenerateRequest,
  type InterpolateRequest,
  type OfClass,
  type ProjectedImages,
  type Run,
  type RunOptions,
} from './open-run.js';

/**
 * A trained run to draw from, opened by its first call:
 *
 *     const run = loadRun('runs/photos');
 *     const images = await run.generate({n: 16, seed: 1});
 *     await run.close();
 *
 * @see openRun for all that a run can do
 */
export function loadRun(dir: string, options: RunOptions = {}): LoadedRun {
  let opened: Promise<Run> | undefined;
  const run = (): Promise<Run> => (opened ??= openRun(dir, options));
  return {
    generate: async (request) => (await run()).generate(request),
    interpolate: async (request) => (await run()).interpolate(request),
    directions: async (options) => (await run()).directions(options),
    alongDirections: async (request) => (await run()).alongDirections(request),
    project: async (images, more) => (await run()).project(images, more),
    evaluate: async (request) => (await run()).evaluate(request),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/** See `loadRun`. Its functions are those of `Run`. @throws GanError GAN_RUN_NOT_FOUND (exit 5) from each of them */
export interface LoadedRun {
  /** Images from seeds, as bytes [n, height, width, channels]. */
  generate(request?: GenerateRequest): Promise<HostTensor>;
  /** Images on the way from seed to seed, as bytes [n, height, width, channels]. */
  interpolate(request: InterpolateRequest): Promise<HostTensor>;
  /** The directions of the latent space that change the images most. */
  directions(options?: DirectionOptions & OfClass): Promise<LatentDirections>;
  /** Images along each of these directions, as bytes [directions * images, height, width, channels]. */
  alongDirections(request?: DirectionsRequest): Promise<HostTensor>;
  /** The generator's images that are nearest to given ones, and their latents. */
  project(images: HostTensor | readonly string[], options?: ProjectOptions & OfClass): Promise<ProjectedImages>;
  /** Metrics of generated images against real ones, by their names. */
  evaluate(request?: EvaluateRequest): Promise<Record<string, number>>;
  /** Frees the networks, and closes the device if a call opened one. */
  close(): Promise<void>;
}
