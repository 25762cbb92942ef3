/** Layers, networks, losses and optimisers by short names, and the classes for new ones: what plug-ins are made of. */
import {affineSample} from '../backends/fused/affine-sample.js';
import {adaAugmentation} from './augmentations/ada.js';
import {sumOverRanks} from '../backends/fused/all-reduce.js';
import {colorMap} from '../backends/fused/color-map.js';
import {cutOut} from '../backends/fused/cut-out.js';
import {perStepTensor} from '../backends/capture/step-values.js';
import {LeakyReLU, ReLU, ReLU6, Sigmoid, SigmoidRange, Tanh} from './layers/activations.js';
import {BatchNorm, type NormOptions} from './layers/batch-norm.js';
import {ConditionalBatchNorm} from './layers/conditional-batch-norm.js';
import {ClassEmbeddingChannel, ConcatClassEmbedding} from './layers/class-inputs.js';
import {Conv, type ConvOptions} from './layers/conv.js';
import {ConvLayer, type ConvLayerOptions} from './layers/conv-layer.js';
import {Dense, type DenseOptions} from './layers/dense.js';
import {Dropout2d} from './layers/dropout.js';
import {Embedding, type EmbeddingOptions} from './layers/embedding.js';
import {functional} from './layers/functional.js';
import {GLU} from './layers/glu.js';
import * as init from './layers/init.js';
import {InstanceNorm} from './layers/instance-norm.js';
import {MinibatchStddev} from './layers/minibatch-stddev.js';
import {PixelNorm} from './layers/pixel-norm.js';
import {
  AvgPool,
  Blur,
  FirDown,
  PixelShuffle,
  PixelUnshuffle,
  Upsample,
  type UpsampleMode,
} from './layers/resampling.js';
import {DownConv, UpConv, type ResamplingConvOptions} from './layers/resampling-conv.js';
import {Projection} from './layers/projection.js';
import {Residual} from './layers/residual.js';
import {SelfAttention} from './layers/self-attention.js';
import {MergeLayer, Sequential, SequentialEx} from './layers/sequential.js';
import {AddChannels, Flatten, GlobalSum, Reshape} from './layers/shape-layers.js';
import {bceWithLogits, l1, mse} from './losses/functions.js';
import {AdaptiveLoss, ganLossFromFunc, wganLosses} from './losses/gan-loss.js';
import {Buffer, Counter, Module, Parameter} from './module.js';
import {plainImages, plainSide} from './nets/architecture.js';
import {besideImages, besideLatents} from './nets/class-beside.js';
import {basicCritic} from './nets/basic-critic.js';
import {basicGenerator} from './nets/basic-generator.js';
import {DenseResBlock, ganCritic} from './nets/gan-critic.js';
import {lightCritic, lightGenerator} from './nets/light.js';
import {mlpCritic, mlpGenerator} from './nets/mlp.js';
import {resnetCritic, resnetGenerator} from './nets/resnet.js';
import {Optimizer, type OptimizerFactory, type UpdateRule} from './optim/optimizer.js';
import {adam, rmsProp, sgd} from './optim/rules.js';
import {repeatable} from './repeatable.js';
import {AdaptiveGANSwitcher, FixedGANSwitcher} from './switchers/gan-switchers.js';

export const nn = {
  /** The base class for your own layers: `class Mine extends nn.Module`. */
  Module,
  Parameter,
  Buffer,
  Counter,
  /** Marks such layers and losses as running the same operations with the same numbers in each step. */
  repeatable,
  /** A tensor whose numbers are computed anew in each step. */
  perStepTensor,
  /** The sum over all processes that train together; the tensor itself where this one trains alone. */
  sumOverRanks,
  /** Images through affine maps, their colours through linear maps, boxes cut out: with derivatives of every order. */
  affineSample,
  colorMap,
  cutOut,
  adaAugmentation,
  init,
  sequential: (layers: readonly Module[]): Sequential => new Sequential(layers),
  sequentialEx: (...layers: Module[]): SequentialEx => new SequentialEx(...layers),
  mergeLayer: (dense = false): MergeLayer => new MergeLayer(dense),
  /** branch(x) + shortcut(x), or branch(x) + x. */
  residual: (branch: Module, shortcut?: Module): Residual => new Residual(branch, shortcut),
  dense: (inFeatures: number, outFeatures: number, options?: DenseOptions): Dense =>
    new Dense(inFeatures, outFeatures, options),
  conv: (inChannels: number, outChannels: number, options: ConvOptions): Conv =>
    new Conv(inChannels, outChannels, options),
  convLayer: (ni: number, nf: number, options?: ConvLayerOptions): ConvLayer => new ConvLayer(ni, nf, options),
  /** Nearest-neighbour upsampling by 2, then a convolution, in one. */
  upConv: (inChannels: number, outChannels: number, options?: ResamplingConvOptions): UpConv =>
    new UpConv(inChannels, outChannels, options),
  /** A convolution, then average pooling over 2x2 pixels, in one. */
  downConv: (inChannels: number, outChannels: number, options?: ResamplingConvOptions): DownConv =>
    new DownConv(inChannels, outChannels, options),
  batchNorm: (channels: number, options?: NormOptions): BatchNorm => new BatchNorm(channels, options),
  instanceNorm: (channels: number, options?: NormOptions): InstanceNorm => new InstanceNorm(channels, options),
  /** Batch norm with a scale and a shift for each class; its `forward` takes images and labels. */
  conditionalBatchNorm: (channels: number, classes: number, options?: NormOptions): ConditionalBatchNorm =>
    new ConditionalBatchNorm(channels, classes, options),
  pixelNorm: (options?: {eps?: number}): PixelNorm => new PixelNorm(options),
  /** A channel that says how different the images of a group are. */
  minibatchStddev: (groupSize?: number): MinibatchStddev => new MinibatchStddev(groupSize),
  /** Labels to learned rows: int32 [batch], or shares of the classes, float32 [batch, classes]. */
  embedding: (classes: number, features: number, options?: EmbeddingOptions): Embedding =>
    new Embedding(classes, features, options),
  /** A vector of the class behind each latent; a picture of it behind the channels of each image. */
  concatClassEmbedding: (classes: number, features: number): ConcatClassEmbedding =>
    new ConcatClassEmbedding(classes, features),
  classEmbeddingChannel: (classes: number, shape: readonly [height: number, width: number]): ClassEmbeddingChannel =>
    new ClassEmbeddingChannel(classes, shape),
  /** The end of a projection critic: features and labels to scores. */
  projection: (features: number, classes: number, options?: DenseOptions): Projection =>
    new Projection(features, classes, options),
  /** Images `factor` times as large: 2, by the mode 'nearest'. */
  upsample: (factor?: number, options?: {mode?: UpsampleMode; taps?: readonly number[]}): Upsample =>
    new Upsample(factor, options),
  avgPool: (factor?: number): AvgPool => new AvgPool(factor),
  /** A FIR filter, [1, 3, 3, 1], and every factor-th pixel. */
  firDown: (factor?: number, options?: {taps?: readonly number[]}): FirDown => new FirDown(factor, options),
  blur: (options?: {taps?: readonly number[]}): Blur => new Blur(options),
  pixelShuffle: (factor?: number): PixelShuffle => new PixelShuffle(factor),
  pixelUnshuffle: (factor?: number): PixelUnshuffle => new PixelUnshuffle(factor),
  /** The same and more as functions of tensors, for the `forward` of your own layers. */
  functional,
  glu: (): GLU => new GLU(),
  relu: (): ReLU => new ReLU(),
  relu6: (): ReLU6 => new ReLU6(),
  leakyRelu: (slope?: number): LeakyReLU => new LeakyReLU(slope),
  tanh: (): Tanh => new Tanh(),
  sigmoid: (): Sigmoid => new Sigmoid(),
  sigmoidRange: (low: number, high: number): SigmoidRange => new SigmoidRange(low, high),
  dropout2d: (p?: number): Dropout2d => new Dropout2d(p),
  selfAttention: (channels: number): SelfAttention => new SelfAttention(channels),
  flatten: (full?: boolean): Flatten => new Flatten(full),
  reshape: (shape: readonly number[]): Reshape => new Reshape(shape),
  globalSum: (): GlobalSum => new GlobalSum(),
  addChannels: (nDim: number): AddChannels => new AddChannels(nDim),
  denseResBlock: (nf: number, options?: ConvLayerOptions): DenseResBlock => new DenseResBlock(nf, options),
  /** For architectures that make square images of latents only: the side, or an error that says what they cannot do. */
  plainSide,
  /** For architectures that make images of latents only, of any height and width. */
  plainImages,
  /** Make a generator, or a critic, conditional that knows nothing of classes; without classes they change nothing. */
  besideLatents,
  besideImages,
  basicCritic,
  basicGenerator,
  ganCritic,
  resnetCritic,
  resnetGenerator,
  lightCritic,
  lightGenerator,
  mlpCritic,
  mlpGenerator,
  mse,
  l1,
  bceWithLogits,
  adaptiveLoss: (crit: ConstructorParameters<typeof AdaptiveLoss>[0]): AdaptiveLoss => new AdaptiveLoss(crit),
  ganLossFromFunc,
  wganLosses,
  fixedSwitcher: FixedGANSwitcher,
  adaptiveSwitcher: AdaptiveGANSwitcher,
  adam,
  rmsProp,
  sgd,
  /** An optimiser of a rule of one's own; `hypers` are its numbers beside the learning rate. */
  optimizer:
    (rule: UpdateRule, hypers: Record<string, number> = {}): OptimizerFactory =>
    (groups, lr) =>
      new Optimizer(groups, rule, {wd: 0, ...hypers, lr}),
};

export type Nn = typeof nn;
