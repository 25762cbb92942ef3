/** Where networks without conditional norms see the class: beside their input. */
import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import type {Rng} from '../rng.js';
import {Embedding} from './embedding.js';
import {normal} from './init.js';

interface Drawn {
  rng?: Rng;
}

/**
 * A learned vector of the class behind each latent: [batch, n], labels -> [batch, n + features]. Its numbers begin with
 * N(0, 1), as latents are drawn.
 */
export class ConcatClassEmbedding extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #embedding: Embedding;

  constructor(classes: number, features: number, options: Drawn = {}) {
    super();
    this.#embedding = this.add('embedding', new Embedding(classes, features, options));
  }

  override forward(x: Tensor, labels: Tensor): Tensor {
    return tf.concat([x, this.run('embedding', this.#embedding, labels)], 1);
  }
}

/**
 * A learned picture of the class as one more channel of each image: [batch, height, width, c], labels -> [batch,
 * height, width, c + 1]. Its pixels begin with N(0, 1/4), which is about as much as those of images.
 */
export class ClassEmbeddingChannel extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #embedding: Embedding;
  readonly #shape: readonly [height: number, width: number];

  constructor(classes: number, shape: readonly [height: number, width: number], options: Drawn = {}) {
    super();
    this.#shape = shape;
    this.#embedding = this.add(
      'embedding',
      new Embedding(classes, shape[0] * shape[1], {weightInit: normal(0.5), ...options}),
    );
  }

  override forward(x: Tensor, labels: Tensor): Tensor {
    const plane = tf.reshape(this.run('embedding', this.#embedding, labels), [x.shape[0], ...this.#shape, 1]);
    return tf.concat([x, plane], -1);
  }
}
