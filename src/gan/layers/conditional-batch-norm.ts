import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {BatchNorm, type NormOptions} from './batch-norm.js';
import {Embedding} from './embedding.js';
import {zeros} from './init.js';

/**
 * Batch normalisation whose scale and shift depend on the class (arXiv 1707.00683, 1802.05637): (1 + scale[label])
 * norm(x) + shift[label]. The norm has a scale and a shift of its own, for all classes; those of the classes begin with
 * 0. [batch, ..., c], labels as `labelRows` takes them -> [batch, ..., c]. Of several classes at once, the scales and
 * the shifts add up.
 * @throws ShapeError as BatchNorm and Embedding
 */
export class ConditionalBatchNorm extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #norm: BatchNorm;
  readonly #scale: Embedding;
  readonly #shift: Embedding;

  constructor(channels: number, classes: number, options?: NormOptions) {
    super();
    this.#norm = this.add('norm', new BatchNorm(channels, options));
    this.#scale = this.add('scale', new Embedding(classes, channels, {weightInit: zeros}));
    this.#shift = this.add('shift', new Embedding(classes, channels, {weightInit: zeros}));
  }

  override forward(x: Tensor, labels: Tensor): Tensor {
    const y = this.run('norm', this.#norm, x);
    const shape = [x.shape[0], ...x.shape.slice(1, -1).map(() => 1), x.shape.at(-1)!];
    const rows = (name: string, embedding: Embedding): Tensor => tf.reshape(this.run(name, embedding, labels), shape);
    return tf.add(tf.mul(y, tf.add(rows('scale', this.#scale), 1)), rows('shift', this.#shift));
  }
}
