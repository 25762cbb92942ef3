import {GanError} from '../errors.js';

/** A layer was given a tensor that it cannot take. `path` is filled on the way up: the layer's place in the network. */
export class ShapeError extends GanError {
  readonly path: string[] = [];
  readonly #layer: string;
  readonly #problem: string;

  constructor(layer: string, got: readonly number[], wanted: string) {
    super('usage', 'GAN_SHAPE', '');
    this.#layer = layer;
    this.#problem = `got a tensor of shape [${got.join(', ')}], wanted ${wanted}`;
    Object.defineProperty(this, 'message', {get: () => this.#text(), enumerable: false});
  }

  #text(): string {
    const place = this.path.length > 0 ? ` (at ${this.path.join('.')})` : '';
    return `${this.#layer}${place}: ${this.#problem}`;
  }
}
