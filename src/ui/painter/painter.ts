import {selectBackend} from '../../backends/select.js';
import {createArchitecture} from '../../config/parts.js';
import {resolveConfig} from '../../config/resolve.js';
import {GanError} from '../../errors.js';
import {encodePng, imageGrid} from '../../gan/data/grid.js';
import {Normalization} from '../../gan/data/normalize.js';
import {generateImages} from '../../gan/gan-learner.js';
import {readCheckpoint, withoutPrefix} from '../../gan/checkpoint.js';
import type {Module} from '../../gan/module.js';
import {loadRun} from '../../gan/runs/generate.js';
import {RunFolder} from '../../gan/runs/run-folder.js';
import type {RunConfig} from '../../gan/runs/run-config.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {Registry} from '../../plugin/registry.js';
import type {PainterSetup, PaintOrder} from './orders.js';

interface Loaded {
  key: string;
  config: RunConfig;
  generator: Module;
}

/** A backend, and the generator that was used last. */
export class Painter {
  readonly #registry: Registry;
  #loaded: Loaded | undefined;

  private constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** @throws GanError GAN_BACKEND_UNAVAILABLE, GAN_UNKNOWN_PART */
  static async open({backend, packages}: PainterSetup): Promise<Painter> {
    const registry = openRegistry(packages.map(pluginIn));
    await selectBackend(registry, backend); // closed with the process
    return new Painter(registry);
  }

  /** The images of these latents in a row, as PNG. @throws GanError GAN_CHECKPOINT, GAN_LATENT_SIZE, ... */
  async paint({dir, step, latents}: PaintOrder): Promise<Buffer> {
    const {config, generator} = await this.#load(dir, step);
    const width = latents[0]!.length;
    if (width !== config.latent) throw new GanError('usage', 'GAN_LATENT_SIZE', `the latents have ${width} numbers, the run's generator takes ${config.latent}`);
    const images = await generateImages(generator, {data: Float32Array.from(latents.flat()), shape: [latents.length, width]}, {normalization: Normalization.symmetric(config.channels)});
    return encodePng(imageGrid(images, latents.length, latents.length === 1 ? 0 : undefined));
  }

  async #load(dir: string, step: number): Promise<Loaded> {
    const key = `${step} ${dir}`;
    if (this.#loaded?.key === key) return this.#loaded;
    this.#loaded?.generator.dispose();
    this.#loaded = undefined;
    const {config: saved} = await loadRun(dir);
    const {config} = await resolveConfig({registry: this.#registry, file: new RunFolder(dir).configPath, withoutData: true});
    const {generator: make} = await createArchitecture(this.#registry, config);
    const {model} = await readNewest(dir);
    const generator = make({size: saved.size, channels: saved.channels, latentSize: saved.latent});
    try {
      generator.loadStateDict(withoutPrefix('generator.', model));
    } catch (error) {
      generator.dispose();
      throw error;
    }
    return (this.#loaded = {key, config: saved, generator});
  }
}

/** The newest checkpoint; a training may take one away while it is read, after it has written a newer one. */
async function readNewest(dir: string): ReturnType<typeof readCheckpoint> {
  const folder = new RunFolder(dir);
  const path = await folder.latestCheckpoint();
  return readCheckpoint(path).catch(async (error: unknown) => {
    const newer = await folder.latestCheckpoint();
    if (newer === path) throw error;
    return readCheckpoint(newer);
  });
}
