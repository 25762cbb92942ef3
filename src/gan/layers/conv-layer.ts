import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import {Activation, ReLU} from './activations.js';
import {BatchNorm} from './batch-norm.js';
import {Conv} from './conv.js';
import {normal, torchDefault, zeros, type Init} from './init.js';
import {InstanceNorm} from './instance-norm.js';
import type {PaddingMode} from './padding.js';
import {Sequential} from './sequential.js';

/** fastai's NormType; null stands for None. */
export type NormType = 'Batch' | 'BatchZero' | 'Weight' | 'Spectral' | 'Instance' | 'InstanceZero';

/** Makes an activation; null stands for none. */
export type ActivationFactory = (() => Module) | null;

export interface ConvLayerOptions {
  /** Kernel size, of all sides or of each; 3. */
  ks?: number | readonly number[];
  stride?: number;
  /** Default: (ks - 1) / 2 rounded down, and 0 when transposed. */
  padding?: number | readonly number[];
  /** Default: present unless the norm is of batch or instance. */
  bias?: boolean;
  /** Number of spatial dimensions; 2. */
  ndim?: number;
  normType?: NormType | null;
  /** Norm before activation (the default), or after it. */
  bn1st?: boolean;
  /** Default: ReLU. */
  actCls?: ActivationFactory;
  transpose?: boolean;
  /** 'auto' chooses by the activation; null leaves torch's default; a function draws the weight. */
  init?: Init | 'auto' | null;
  /** A module at the end of the layer. */
  xtra?: Module;
  /** Standard deviation of the initial bias; null leaves torch's default. */
  biasStd?: number | null;
  dilation?: number;
  groups?: number;
  paddingMode?: PaddingMode;
  outputPadding?: number;
  rng?: Rng;
}

/**
 * Convolution, norm, activation in one, with children 0, 1, 2 (fastai's ConvLayer). [batch, ...spatial, ni] -> [...,
 * nf].
 */
export class ConvLayer extends Sequential {
  static override readonly repeatable = true;
  constructor(ni: number, nf: number, options: ConvLayerOptions = {}) {
    const {ks = 3, ndim = 2, normType = 'Batch', bn1st = true, transpose = false, actCls = () => new ReLU()} = options;
    const {padding = transpose ? 0 : halfOf(ks), biasStd = 0.01, init = 'auto', xtra} = options;
    const activation = actCls?.();
    const norm = makeNorm(nf, normType);
    const reparametrization = normType === 'Spectral' ? 'spectral' : normType === 'Weight' ? 'weight' : undefined;
    const conv = new Conv(ni, nf, {
      ...passedOn(options),
      kernelSize: ks,
      dims: ndim,
      transposed: transpose,
      padding,
      bias: options.bias ?? norm === undefined,
      weightInit: chooseInit(init, activation),
      biasInit: biasStd === null ? torchDefault : biasStd === 0 ? zeros : normal(biasStd),
      ...(reparametrization && {reparametrization}),
    });
    const middle = bn1st ? [norm, activation] : [activation, norm];
    super([conv, ...middle, xtra].filter((layer) => layer !== undefined));
  }
}

const halfOf = (ks: number | readonly number[]): number | number[] =>
  typeof ks === 'number' ? Math.floor((ks - 1) / 2) : ks.map((side) => Math.floor((side - 1) / 2));

type PassedOn = Pick<ConvLayerOptions, 'stride' | 'dilation' | 'groups' | 'paddingMode' | 'outputPadding' | 'rng'>;

function passedOn({stride, dilation, groups, paddingMode, outputPadding, rng}: ConvLayerOptions): PassedOn {
  return {
    ...(stride !== undefined && {stride}),
    ...(dilation !== undefined && {dilation}),
    ...(groups !== undefined && {groups}),
    ...(paddingMode !== undefined && {paddingMode}),
    ...(outputPadding !== undefined && {outputPadding}),
    ...(rng !== undefined && {rng}),
  };
}

function makeNorm(nf: number, normType: NormType | null): Module | undefined {
  switch (normType) {
    case 'Batch':
    case 'BatchZero':
      return new BatchNorm(nf, {weight: normType === 'Batch' ? 1 : 0});
    case 'Instance':
    case 'InstanceZero':
      return new InstanceNorm(nf, {weight: normType === 'Instance' ? 1 : 0});
    default:
      return undefined;
  }
}

/** fastai's init_linear. */
function chooseInit(init: Init | 'auto' | null, activation: Module | undefined): Init {
  if (init !== 'auto') return init ?? torchDefault;
  return (activation instanceof Activation ? activation.defaultInit : undefined) ?? torchDefault;
}
