import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {Dense, type DenseOptions} from './dense.js';
import {Embedding} from './embedding.js';
import {xavierUniform} from './init.js';

/**
 * The end of a projection critic (Miyato and Koyama, arXiv 1802.05637, equation 10): a score of the features alone, and
 * the inner product of the features with a learned vector of the class. [batch, features], labels -> [batch, 1].
 */
export class Projection extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #score: Dense;
  readonly #classes: Embedding;

  /** @param options of the score; its spectral norm is that of the classes' vectors, too */
  constructor(features: number, classes: number, options: DenseOptions = {}) {
    super();
    const {reparametrization, rng} = options;
    this.#score = this.add('score', new Dense(features, 1, options));
    this.#classes = this.add(
      'classes',
      new Embedding(classes, features, {
        weightInit: xavierUniform,
        ...(reparametrization && {reparametrization}),
        ...(rng && {rng}),
      }),
    );
  }

  override forward(x: Tensor, labels: Tensor): Tensor {
    const projected = tf.sum(tf.mul(x, this.run('classes', this.#classes, labels)), 1, true);
    return tf.add(this.run('score', this.#score, x), projected);
  }
}
