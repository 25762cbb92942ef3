import {GanError} from '../../errors.js';
import {perStepTensor} from '../../backends/capture/step-values.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import type {Rng} from '../rng.js';
import {drawerOfRows} from '../shard.js';
import {streams} from '../streams.js';

/**
 * Drops whole channels of each image with probability p and scales the others by 1 / (1 - p); does nothing in eval mode
 * (torch.nn.Dropout2d). [batch, ...spatial, c] -> same. The mask comes from the `dropout` stream.
 */
export class Dropout2d extends Module {
  static readonly repeatable = true;
  readonly p: number;
  readonly #rng: Rng;

  constructor(p = 0.5, rng: Rng = streams().dropout) {
    super();
    if (!(p >= 0 && p < 1))
      throw new GanError('usage', 'GAN_ARGUMENT', `Dropout2d: p is ${p}, wanted a probability in [0, 1)`);
    this.p = p;
    this.#rng = rng;
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    const channels = x.shape.at(-1)!;
    const keptOf = (rows: number): Float32Array =>
      Float32Array.from({length: rows * channels}, () => (this.#rng.float() < this.p ? 0 : 1 / (1 - this.p)));
    const kept = drawerOfRows(x.shape[0], keptOf);
    return tf.mul(x, perStepTensor(kept, [x.shape[0], ...x.shape.slice(1, -1).map(() => 1), channels]));
  }
}
