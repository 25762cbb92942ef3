import {tf, type Tensor} from '../backends/tf.js';
import {Module} from './module.js';

/** A conditional generator as one of latents alone, whose images are all of a class, or of parts of several. */
export class GeneratorOfClass extends Module {
  static readonly repeatable = true;
  readonly #generator: Module;
  readonly #shares: Tensor;

  /** @param shares of each class */
  constructor(generator: Module, shares: Float32Array) {
    super();
    this.#generator = this.add('generator', generator);
    this.#shares = tf.tensor2d(shares, [1, shares.length]);
  }

  override forward(latents: Tensor): Tensor {
    return this.run('generator', this.#generator, latents, tf.tile(this.#shares, [latents.shape[0], 1]));
  }

  /** Frees what this has beside the generator, which stays. */
  disposeClass(): void {
    this.#shares.dispose();
  }
}
