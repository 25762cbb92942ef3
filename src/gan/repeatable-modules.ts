/** The modules of this package that are repeatable: all of them. */
import {GANModule} from './gan-module.js';
import {LeakyReLU, ReLU, ReLU6, Sigmoid, SigmoidRange, Tanh} from './layers/activations.js';
import {BatchNorm} from './layers/batch-norm.js';
import {ConvLayer} from './layers/conv-layer.js';
import {Conv} from './layers/conv.js';
import {Dense} from './layers/dense.js';
import {Dropout2d} from './layers/dropout.js';
import {InstanceNorm} from './layers/instance-norm.js';
import {SelfAttention} from './layers/self-attention.js';
import {MergeLayer, Sequential, SequentialEx} from './layers/sequential.js';
import {AddChannels, Flatten} from './layers/shape-layers.js';
import type {Module} from './module.js';
import {DenseResBlock} from './nets/gan-critic.js';
import {isRepeatable, repeatable} from './repeatable.js';

[
  AddChannels,
  BatchNorm,
  Conv,
  ConvLayer,
  Dense,
  DenseResBlock,
  Dropout2d,
  Flatten,
  GANModule,
  InstanceNorm,
  LeakyReLU,
  MergeLayer,
  ReLU,
  ReLU6,
  SelfAttention,
  Sequential,
  SequentialEx,
  Sigmoid,
  SigmoidRange,
  Tanh,
].forEach(repeatable);

/** The first one that is not known to be repeatable. */
export const firstUnrepeatable = (modules: readonly Module[]): Module | undefined =>
  modules.find((module) => !isRepeatable(module.constructor));
