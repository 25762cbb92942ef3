import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {ConvLayer} from './conv-layer.js';

/**
 * Self-attention over the positions of an image (SAGAN, arXiv 1805.08318, as fastai's SelfAttention): adds, scaled by a
 * learned `gamma` that starts at 0, a mix of all positions to each. [batch, ...spatial, n] -> same; n >= 8.
 * The attention matrix has (number of positions)^2 elements for each image.
 */
export class SelfAttention extends Module {
  static readonly repeatable = true;
  readonly channels: number;
  readonly gamma: Parameter;
  readonly #query: ConvLayer;
  readonly #key: ConvLayer;
  readonly #value: ConvLayer;

  constructor(channels: number, {rng}: {rng?: Rng} = {}) {
    super();
    if (channels < 8)
      throw new GanError(
        'usage',
        'GAN_ARGUMENT',
        `SelfAttention(${channels}): needs at least 8 channels, because queries and keys have an eighth of them`,
      );
    this.channels = channels;
    this.gamma = this.register('gamma', new Parameter(new Float32Array(1), [1]));
    const projection = (features: number): ConvLayer =>
      new ConvLayer(channels, features, {
        ks: 1,
        ndim: 1,
        normType: 'Spectral',
        actCls: null,
        bias: false,
        ...(rng && {rng}),
      });
    this.#query = this.add('query', projection(Math.floor(channels / 8)));
    this.#key = this.add('key', projection(Math.floor(channels / 8)));
    this.#value = this.add('value', projection(channels));
  }

  override forward(x: Tensor): Tensor {
    if (x.rank < 3 || x.shape.at(-1) !== this.channels)
      throw new ShapeError(`SelfAttention(${this.channels})`, x.shape, `[batch, ...spatial, ${this.channels}]`);
    const flat = tf.reshape(x, [x.shape[0], -1, this.channels]); // [n, L, c]
    const query = this.#query.forward(flat);
    const key = this.#key.forward(flat);
    const value = this.#value.forward(flat);
    // fastai normalises each column of query^T key; with the product turned round these are rows
    const attention = tf.softmax(tf.matMul(key, query, false, true), -1); // [n, L, L]
    const mixed = tf.matMul(attention, value); // [n, L, c]
    return tf.reshape(tf.add(tf.mul(mixed, this.gamma.variable), flat), x.shape);
  }
}
