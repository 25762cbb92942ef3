import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {streams} from '../streams.js';
import {torchDefault} from './init.js';

/** Fully connected layer with PyTorch's names and initial values (torch.nn.Linear). [batch, in] -> [batch, out]. */
export class Dense extends Module {
  static readonly repeatable = true;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(
    inFeatures: number,
    outFeatures: number,
    {bias = true, rng = streams().weights}: {bias?: boolean; rng?: Rng} = {},
  ) {
    super();
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const fan = {size: inFeatures * outFeatures, fanIn: inFeatures, fanOut: outFeatures};
    this.weight = this.register(
      'weight',
      new Parameter(torchDefault(rng, fan), [inFeatures, outFeatures], {permutation: [1, 0]}),
    );
    this.bias = bias
      ? this.register('bias', new Parameter(torchDefault(rng, {...fan, size: outFeatures}), [outFeatures]))
      : undefined;
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 2 || x.shape[1] !== this.inFeatures)
      throw new ShapeError(`Dense(${this.inFeatures}, ${this.outFeatures})`, x.shape, `[batch, ${this.inFeatures}]`);
    const y = tf.matMul(x, this.weight.variable);
    return this.bias ? tf.add(y, this.bias.variable) : y;
  }
}
