import type {Device} from '../../backends/device.js';
import {isGanError} from '../../errors.js';
import {imageGrid} from '../../gan/data/grid.js';
import {encodePng} from '../../gan/data/png.js';
import {arePoints} from '../../gan/data/points.js';
import {pointPlots} from '../../gan/data/scatter-plot.js';
import {openDeviceFor} from '../../runs/devices/open-backend.js';
import {openRun, type Run} from '../../runs/open-run.js';
import type {Registry} from '../../plugin/registry.js';
import type {Directions} from '../protocol.js';
import type {CheckpointChoice, DrawRequest, RendererSetup} from './messages.js';

/** Sliders of the explorer, at most. */
const mostDirections = 10;

/** A backend, and the run that was drawn from last. */
export class Renderer {
  readonly #registry: Registry;
  readonly #device: Device;
  #open: {key: string; run: Run} | undefined;

  private constructor(registry: Registry, device: Device) {
    this.#registry = registry;
    this.#device = device;
  }

  /** @throws GanError GAN_BACKEND_UNAVAILABLE, GAN_UNKNOWN_PART */
  static async open(registry: Registry, {backend}: Pick<RendererSetup, 'backend'>): Promise<Renderer> {
    const {device} = await openDeviceFor(registry, {backend}); // closed with the process
    return new Renderer(registry, device);
  }

  /** The images of these latents in a row, as PNG. @throws GanError GAN_LATENT_SIZE, and as `openRun` */
  async render({latents, classes, ...checkpoint}: DrawRequest): Promise<Buffer> {
    const run = await this.#runOf(checkpoint);
    const images = await run.draw(
      latents.map((latent) => Float32Array.from(latent)),
      classes && latents.map(() => Float32Array.from(classes)),
    );
    return encodePng(
      imageGrid(
        arePoints(images.shape) ? pointPlots(images) : images,
        latents.length,
        latents.length === 1 ? 0 : undefined,
      ),
    );
  }

  /** What moves the images most, for sliders. @throws GanError as `latentDirections` and `openRun` */
  async directions(checkpoint: CheckpointChoice): Promise<Directions> {
    const {vectors, shares} = await (await this.#runOf(checkpoint)).directions({count: mostDirections});
    return {vectors: vectors.map((vector) => [...vector]), shares};
  }

  async #runOf({dir, step, newest}: CheckpointChoice): Promise<Run> {
    const key = `${step} ${dir}`;
    if (this.#open?.key === key) return this.#open.run;
    await this.#open?.run.close();
    this.#open = undefined;
    const open = async (): Promise<Run> => {
      const run = await openRun(dir, {
        checkpoint: newest ? 'newest' : step,
        registry: this.#registry,
        device: this.#device,
      });
      await run.generator();
      return run;
    };
    // a training may take a checkpoint away while it is read, after it has written a newer one
    const run = await open().catch((error: unknown) => {
      if (newest && isGanError(error) && error.code === 'GAN_CHECKPOINT') return open();
      throw error;
    });
    this.#open = {key, run};
    return run;
  }
}
