import {selectBackend} from '../../runs/devices/select.js';
import {createArchitecture} from '../../config/parts.js';
import {resolveConfig} from '../../config/resolve.js';
import {GanError, isGanError} from '../../errors.js';
import {encodePng, imageGrid} from '../../gan/data/grid.js';
import {openGenerator, type OpenGenerator} from '../../runs/generate.js';
import {RunFolder} from '../../runs/run-folder.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import type {Registry} from '../../plugin/registry.js';
import type {RendererSetup, RenderRequest} from './messages.js';

/** A backend, and the generator that was used last. */
export class Renderer {
  readonly #registry: Registry;
  #loaded: {key: string; generator: OpenGenerator} | undefined;

  private constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** @throws GanError GAN_BACKEND_UNAVAILABLE, GAN_UNKNOWN_PART */
  static async open({backend, packages}: RendererSetup): Promise<Renderer> {
    const registry = openRegistry(packages.map(pluginIn));
    await selectBackend(registry, backend); // closed with the process
    return new Renderer(registry);
  }

  /** The images of these latents in a row, as PNG. @throws GanError GAN_LATENT_SIZE, and as `openGenerator` */
  async render({latents, ...checkpoint}: RenderRequest): Promise<Buffer> {
    const {latentSize, draw} = await this.#load(checkpoint);
    const width = latents[0]!.length;
    if (width !== latentSize)
      throw new GanError(
        'usage',
        'GAN_LATENT_SIZE',
        `the latents have ${width} numbers, the run's generator takes ${latentSize}`,
      );
    const images = await draw(latents.map((latent) => Float32Array.from(latent)));
    return encodePng(imageGrid(images, latents.length, latents.length === 1 ? 0 : undefined));
  }

  async #load({dir, step, newest}: Omit<RenderRequest, 'latents'>): Promise<OpenGenerator> {
    const key = `${step} ${dir}`;
    if (this.#loaded?.key === key) return this.#loaded.generator;
    this.#loaded?.generator.dispose();
    this.#loaded = undefined;
    const {config} = await resolveConfig({
      registry: this.#registry,
      file: new RunFolder(dir).configPath,
      ofRun: true,
      withoutData: true,
    });
    const parts = {architecture: await createArchitecture(this.#registry, config)};
    const open = (): Promise<OpenGenerator> => openGenerator(dir, parts, newest ? undefined : step);
    // a training may take a checkpoint away while it is read, after it has written a newer one
    const generator = await open().catch((error: unknown) => {
      if (newest && isGanError(error) && error.code === 'GAN_CHECKPOINT') return open();
      throw error;
    });
    this.#loaded = {key, generator};
    return generator;
  }
}
