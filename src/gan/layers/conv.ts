import {GanError} from '../../errors.js';
import {activate} from '../../backends/fused/batch-norm.js';
import {biasActivation} from '../../backends/fused/bias-activation.js';
import {conv, convTranspose, type ConvTransposeArgs} from '../../backends/fused/conv.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Module, Parameter} from '../module.js';
import type {Rng} from '../rng.js';
import {ShapeError} from '../shape-error.js';
import {streams} from '../streams.js';
import {torchDefault, type Fan, type Init} from './init.js';
import {padSpatial, type PaddingMode} from './padding.js';
import {makeWeight, ordered, type Weight} from './weight.js';

export interface ConvOptions {
  /** Of all sides, or of each: [height, width]. */
  kernelSize: number | readonly number[];
  /** Number of spatial dimensions: 1, 2 or 3. */
  dims?: number;
  transposed?: boolean;
  stride?: number;
  /** At both ends of all sides, or of each. */
  padding?: number | readonly number[];
  dilation?: number;
  groups?: number;
  paddingMode?: PaddingMode;
  /** Output padding of a transposed convolution: added to one side of the result. */
  outputPadding?: number;
  bias?: boolean;
  weightInit?: Init;
  biasInit?: Init;
  reparametrization?: 'spectral' | 'weight';
  rng?: Rng;
}

/**
 * Convolution or transposed convolution with PyTorch's arguments, names and (by default) initial values
 * (torch.nn.Conv1d/2d/3d, ConvTranspose1d/2d/3d). [batch, ...spatial, in] -> [batch, ...spatial', out].
 */
export class Conv extends Module {
  static readonly repeatable = true;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly dims: number;
  readonly transposed: boolean;
  /** As it was given. */
  readonly kernelSize: number | readonly number[];
  /** Of each side. */
  readonly kernel: readonly number[];
  readonly bias: Parameter | undefined;
  readonly args: ConvTransposeArgs;
  readonly paddingMode: PaddingMode;
  readonly #weight: Weight;

  constructor(inChannels: number, outChannels: number, options: ConvOptions) {
    super();
    const {kernelSize, dims = 2, transposed = false, stride = 1, padding = 0, dilation = 1, groups = 1} = options;
    const {
      paddingMode = 'zeros',
      outputPadding = 0,
      weightInit = torchDefault,
      biasInit = torchDefault,
      rng = streams().weights,
    } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.dims = dims;
    this.transposed = transposed;
    this.paddingMode = paddingMode;
    const each = (value: number | readonly number[]): number[] =>
      typeof value === 'number' ? new Array<number>(dims).fill(value) : [...value];
    this.kernelSize = kernelSize;
    this.kernel = each(kernelSize);
    this.args = {
      stride: each(stride),
      padding: each(padding),
      dilation: each(dilation),
      outputPadding: each(outputPadding),
      groups,
    };
    this.#check(options);

    const [a, b] = transposed ? [outChannels / groups, inChannels] : [inChannels / groups, outChannels];
    const shape = [...this.kernel, a, b];
    const taps = this.kernel.reduce((product, side) => product * side, 1);
    const fan: Fan = {size: taps * a * b, fanIn: taps * a, fanOut: taps * b};
    const values = weightInit(rng, fan);
    const bias =
      (options.bias ?? true) ? new Parameter(biasInit(rng, {...fan, size: outChannels}), [outChannels]) : undefined;
    this.#weight = makeWeight(options.reparametrization, values, {shape, transposed}, rng);
    this.bias = bias;
    for (const [name, entry] of ordered(this.#weight, bias)) this.register(name, entry);
  }

  override get kind(): string {
    return `${this.transposed ? 'ConvTranspose' : 'Conv'}${this.dims}d`;
  }

  override forward(x: Tensor): Tensor {
    const y = this.#product(x);
    return this.bias ? tf.add(y, this.bias.variable) : y;
  }

  /** The layer and, with its bias in one operation, what follows it: negative results times `slope` (0 is ReLU). */
  forwardActivated(x: Tensor, slope: number): Tensor {
    const y = this.#product(x);
    return this.bias ? biasActivation(y, this.bias.variable, slope) : activate(y, slope);
  }

  /** Without the bias. */
  #product(x: Tensor): Tensor {
    this.#checkInput(x);
    const weight = this.#weight.value(this.training);
    return this.transposed ? convTranspose(x, weight, this.args) : this.#convolve(x, weight);
  }

  #convolve(x: Tensor, weight: Tensor): Tensor {
    if (this.paddingMode === 'zeros') return conv(x, weight, this.args);
    return conv(padSpatial(x, this.args.padding, this.paddingMode), weight, {
      ...this.args,
      padding: this.args.padding.map(() => 0),
    });
  }

  get #label(): string {
    const sides = new Set(this.kernel).size === 1 ? this.kernel[0] : this.kernel.join('x');
    return `${this.kind}(${this.inChannels}, ${this.outChannels}, ${sides})`;
  }

  #check({groups = 1, paddingMode = 'zeros', outputPadding = 0, stride = 1, dilation = 1}: ConvOptions): void {
    const refuse = (problem: string): never => {
      throw new GanError('usage', 'GAN_ARGUMENT', `${this.#label}: ${problem}`);
    };
    const counts: [string, number, number][] = [
      ['in channels', this.inChannels, 1],
      ['out channels', this.outChannels, 1],
      ...this.kernel.map((side): [string, number, number] => ['kernelSize', side, 1]),
      ['groups', groups, 1],
      ['stride', stride, 1],
      ['dilation', dilation, 1],
      ...this.args.padding.map((side): [string, number, number] => ['padding', side, 0]),
      ['outputPadding', outputPadding, 0],
    ];
    for (const [name, value, least] of counts)
      if (!Number.isInteger(value) || value < least) refuse(`${name} is ${value}, wanted a whole number >= ${least}`);
    if (![1, 2, 3].includes(this.dims)) refuse(`dims is ${this.dims}, wanted 1, 2 or 3`);
    for (const [name, sides] of [
      ['kernelSize', this.kernel],
      ['padding', this.args.padding],
    ] as const)
      if (sides.length !== this.dims) refuse(`${name} is [${sides.join(', ')}], wanted ${this.dims} numbers`);
    if (this.inChannels % groups !== 0 || this.outChannels % groups !== 0)
      refuse(`groups is ${groups}, wanted a divisor of both channel counts`);
    if (this.transposed && paddingMode !== 'zeros')
      refuse(`paddingMode is '${paddingMode}', but a transposed convolution pads with zeros only`);
    if (outputPadding > 0 && !(this.transposed && outputPadding < Math.max(stride, dilation))) {
      refuse(
        `outputPadding is ${outputPadding}, wanted 0, or less than stride or dilation in a transposed convolution`,
      );
    }
  }

  #checkInput(x: Tensor): void {
    const axes = ['depth', 'height', 'width'].slice(3 - this.dims);
    const wanted = `[batch, ${axes.join(', ')}, ${this.inChannels}]`;
    if (x.rank !== this.dims + 2 || x.shape.at(-1) !== this.inChannels)
      throw new ShapeError(this.#label, x.shape, wanted);
    if (this.transposed) return;
    x.shape.slice(1, -1).forEach((size, i) => {
      const reach = this.args.dilation[i]! * (this.kernel[i]! - 1) + 1;
      if (size + 2 * this.args.padding[i]! < reach)
        throw new ShapeError(this.#label, x.shape, `${wanted} with ${axes[i]} >= ${reach - 2 * this.args.padding[i]!}`);
      const widest = {zeros: Infinity, replicate: Infinity, reflect: size - 1, circular: size}[this.paddingMode];
      if (this.args.padding[i]! > widest)
        throw new ShapeError(
          this.#label,
          x.shape,
          `${wanted} with ${axes[i]} large enough for ${this.paddingMode} padding of ${this.args.padding[i]}`,
        );
    });
  }
}
