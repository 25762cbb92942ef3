import {GanError} from '../../errors.js';
import {tf, type Tensor, type Tensor1D} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {streams} from '../streams.js';
import {normal, type Init} from './init.js';

/**
 * A learned row for each class (torch.nn.Embedding, which also begins with N(0, 1)). Labels [batch], int32 in [0,
 * classes), -> [batch, features]. A label outside gives zeros.
 * @throws ShapeError for labels of another shape or type; GanError GAN_ARGUMENT for sizes that are not whole or below 1
 */
export class Embedding extends Module {
  static readonly repeatable = true;
  readonly classes: number;
  readonly features: number;
  readonly weight: Parameter;

  constructor(
    classes: number,
    features: number,
    {weightInit = normal(1), rng = streams().weights}: {weightInit?: Init; rng?: Rng} = {},
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
    this.weight = this.register('weight', new Parameter(values, [classes, features]));
  }

  override get kind(): string {
    return `Embedding(${this.classes}, ${this.features})`;
  }

  override forward(labels: Tensor): Tensor {
    if (labels.rank !== 1 || labels.dtype !== 'int32')
      throw new ShapeError(`${this.kind} of ${labels.dtype} labels`, labels.shape, 'int32 [batch]');
    // a product, because it can be differentiated as often as wanted on every backend, and gather cannot
    const rows = tf.cast(tf.oneHot(labels as Tensor1D, this.classes), 'float32'); // wasm writes no floats here
    return tf.matMul(rows, this.weight.variable);
  }
}
