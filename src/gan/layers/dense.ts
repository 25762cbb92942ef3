import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {streams} from '../streams.js';
import {torchDefault, type Init} from './init.js';
import {makeWeight, ordered, type Weight} from './weight.js';

export interface DenseOptions {
  bias?: boolean;
  weightInit?: Init;
  biasInit?: Init;
  reparametrization?: 'spectral';
  rng?: Rng;
}

/** Fully connected layer with PyTorch's names and initial values (torch.nn.Linear). [batch, in] -> [batch, out]. */
export class Dense extends Module {
  static readonly repeatable = true;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The trained weight; with spectral norm, before it is divided. */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #weight: Weight;

  constructor(inFeatures: number, outFeatures: number, options: DenseOptions = {}) {
    super();
    const {bias = true, weightInit = torchDefault, biasInit = torchDefault, rng = streams().weights} = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const fan = {size: inFeatures * outFeatures, fanIn: inFeatures, fanOut: outFeatures};
    const values = weightInit(rng, fan);
    this.bias = bias ? new Parameter(biasInit(rng, {...fan, size: outFeatures}), [outFeatures]) : undefined;
    const shape = {shape: [inFeatures, outFeatures], transposed: false};
    this.#weight = makeWeight(options.reparametrization, values, shape, rng);
    this.weight = this.#weight.entries[0]![1] as Parameter;
    for (const [name, entry] of ordered(this.#weight, this.bias)) this.register(name, entry);
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 2 || x.shape[1] !== this.inFeatures)
      throw new ShapeError(`Dense(${this.inFeatures}, ${this.outFeatures})`, x.shape, `[batch, ${this.inFeatures}]`);
    const y = tf.matMul(x, this.#weight.value(this.training));
    return this.bias ? tf.add(y, this.bias.variable) : y;
  }
}
