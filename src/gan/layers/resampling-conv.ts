/**
 * Convolutions fused with the change of the image's size beside them (arXiv 1710.10196, appendix; arXiv 1812.04948): a
 * convolution with stride 2 whose filter is a linear map of the smaller filter that is trained. Values, borders and
 * derivatives of every order are those of the two steps one after the other; a 3x3 filter takes 4 / 9 of the work.
 */
import {GanError} from '../../errors.js';
import {boxFilter} from '../../backends/fused/box-filter.js';
import {conv, convTranspose} from '../../backends/fused/conv.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {streams} from '../streams.js';
import {torchDefault, type Init} from './init.js';
import {makeWeight, ordered, type Weight} from './weight.js';

export interface ResamplingConvOptions {
  /** Side of the trained filter, an odd number; 3. The convolution pads with (kernelSize - 1) / 2 zeros. */
  kernelSize?: number;
  bias?: boolean;
  weightInit?: Init;
  biasInit?: Init;
  /** Spectral norm is that of the trained filter. */
  reparametrization?: 'spectral';
  rng?: Rng;
}

/** State and checks of `UpConv` and `DownConv`: the trained filter and bias are those of torch.nn.Conv2d. */
abstract class ResamplingConv extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly bias: Parameter | undefined;
  readonly #weight: Weight;
  readonly #transposed: boolean;
  readonly #scale: number;

  /**
   * @param transposed whether filters are stored as [height, width, out, in], and run through backwards
   * @param scale what the sums of taps are multiplied by
   */
  constructor(
    inChannels: number,
    outChannels: number,
    transposed: boolean,
    scale: number,
    {
      kernelSize = 3,
      bias = true,
      weightInit = torchDefault,
      biasInit = torchDefault,
      reparametrization,
      rng = streams().weights,
    }: ResamplingConvOptions,
  ) {
    super();
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
      throw new GanError('usage', 'GAN_ARGUMENT', `${this.label}: kernelSize is ${kernelSize}, wanted an odd number`);
    for (const [name, value] of [
      ['in channels', inChannels],
      ['out channels', outChannels],
    ] as const)
      if (!Number.isInteger(value) || value < 1)
        throw new GanError('usage', 'GAN_ARGUMENT', `${this.label}: ${name} is ${value}, wanted a whole number >= 1`);
    this.#transposed = transposed;
    this.#scale = scale;

    const taps = kernelSize * kernelSize;
    const fan = {size: taps * inChannels * outChannels, fanIn: taps * inChannels, fanOut: taps * outChannels};
    const values = weightInit(rng, fan);
    this.bias = bias ? new Parameter(biasInit(rng, {...fan, size: outChannels}), [outChannels]) : undefined;
    const channels = transposed ? [outChannels, inChannels] : [inChannels, outChannels];
    const shape = {
      shape: [kernelSize, kernelSize, ...channels],
      transposed,
      layout: {permutation: transposed ? [2, 3, 0, 1] : [3, 2, 0, 1]},
    };
    this.#weight = makeWeight(reparametrization, values, shape, rng);
    for (const [name, entry] of ordered(this.#weight, this.bias)) this.register(name, entry);
  }

  protected get label(): string {
    return `${this.kind}(${this.inChannels}, ${this.outChannels}, ${this.kernelSize})`;
  }

  protected get args() {
    const padding = (this.kernelSize - 1) / 2;
    return {stride: [2, 2], padding: [padding, padding], dilation: [1, 1], outputPadding: [0, 0], groups: 1};
  }

  /** The filter that runs: [kernelSize + 1, kernelSize + 1, a, b] of [kernelSize, kernelSize, a, b]. */
  protected filter(): Tensor {
    return boxFilter(this.#weight.value(this.training), {reversed: this.#transposed, scale: this.#scale});
  }

  protected withBias(y: Tensor): Tensor {
    return this.bias ? tf.add(y, this.bias.variable) : y;
  }
}

/**
 * Nearest-neighbour upsampling by 2, then a convolution, as one transposed convolution: [batch, height, width, in] ->
 * [batch, 2 height, 2 width, out].
 */
export class UpConv extends ResamplingConv {
  static readonly repeatable = true;

  constructor(inChannels: number, outChannels: number, options: ResamplingConvOptions = {}) {
    // A pixel appears twice: two taps add up. A transposed convolution runs through its filter backwards.
    super(inChannels, outChannels, true, 1, options);
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 4 || x.shape[3] !== this.inChannels)
      throw new ShapeError(this.label, x.shape, `[batch, height, width, ${this.inChannels}]`);
    return this.withBias(convTranspose(x, this.filter(), this.args));
  }
}

/**
 * A convolution, then average pooling over 2x2 pixels, as one convolution: [batch, height, width, in] -> [batch, height
 * / 2, width / 2, out]. Height and width are even.
 */
export class DownConv extends ResamplingConv {
  static readonly repeatable = true;

  constructor(inChannels: number, outChannels: number, options: ResamplingConvOptions = {}) {
    super(inChannels, outChannels, false, 1 / 4, options);
  }

  override forward(x: Tensor): Tensor {
    if (x.rank !== 4 || x.shape[3] !== this.inChannels || x.shape[1]! % 2 !== 0 || x.shape[2]! % 2 !== 0)
      throw new ShapeError(this.label, x.shape, `[batch, even height, even width, ${this.inChannels}]`);
    return this.withBias(conv(x, this.filter(), this.args));
  }
}
