import {GanError} from '../../errors.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module, type Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {streams} from '../streams.js';
import {labelRows} from './label-rows.js';
import {normal, type Init} from './init.js';
import {makeWeight, type Weight} from './weight.js';

export interface EmbeddingOptions {
  weightInit?: Init;
  /** Spectral norm, as `torch.nn.utils.spectral_norm` of an Embedding has it. */
  reparametrization?: 'spectral';
  rng?: Rng;
}

/**
 * A learned row for each class (torch.nn.Embedding, which also begins with N(0, 1)); of several classes at once the sum
 * of their rows. Labels as `labelRows` takes them, -> [batch, features]. A label outside gives zeros.
 * @throws ShapeError for labels of another shape or type; GanError GAN_ARGUMENT for sizes that are not whole or below 1
 */
export class Embedding extends Module {
  static readonly repeatable = true;
  readonly classes: number;
  readonly features: number;
  /** The trained weight; with spectral norm, before it is divided. */
  readonly weight: Parameter;
  readonly #weight: Weight;

  constructor(
    classes: number,
    features: number,
    {weightInit = normal(1), reparametrization, rng = streams().weights}: EmbeddingOptions = {},
  ) {
    super();
    for (const [name, value] of [
      ['classes', classes],
      ['features', features],
    ] as const)
      if (!Number.isInteger(value) || value < 1)
        throw new GanError('usage', 'GAN_ARGUMENT', `Embedding: ${name} is ${value}, wanted a whole number >= 1`);
    this.classes = classes;
    this.features = features;
    const values = weightInit(rng, {size: classes * features, fanIn: features, fanOut: classes});
    // torch's rows are the classes, too: stored as they are
    const shape = {shape: [classes, features], transposed: true, layout: {}};
    this.#weight = makeWeight(reparametrization, values, shape, rng);
    this.weight = this.#weight.entries[0]![1] as Parameter;
    for (const [name, entry] of this.#weight.entries) this.register(name, entry);
  }

  override get kind(): string {
    return `Embedding(${this.classes}, ${this.features})`;
  }

  override forward(labels: Tensor): Tensor {
    // a product, because it can be differentiated as often as wanted on every backend, and gather cannot
    return tf.matMul(labelRows(labels, this.classes, this.kind), this.#weight.value(this.training));
  }
}
