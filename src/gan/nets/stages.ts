/** What the networks of this folder share: norms, and convolutions with a change of size. */
import {BatchNorm} from '../layers/batch-norm.js';
import {ConditionalBatchNorm} from '../layers/conditional-batch-norm.js';
import {Dense, type DenseOptions} from '../layers/dense.js';
import {PixelNorm} from '../layers/pixel-norm.js';
import {Blur} from '../layers/resampling.js';
import {Projection} from '../layers/projection.js';
import {DownConv, UpConv, type ResamplingConvOptions} from '../layers/resampling-conv.js';
import type {Module} from '../module.js';

/**
 * `nearest`: nearest-neighbour upsampling and average pooling; `fir`: both by the filter [1, 3, 3, 1] of StyleGAN2
 * (arXiv 1912.04958), which keeps high frequencies out.
 */
export type Resampling = 'nearest' | 'fir';

/** Repeating pixels, and adding up pairs, is the filter [1, 1]; with this one after it, or before it, [1, 3, 3, 1]. */
const smooth = (resampling: Resampling): Module[] => (resampling === 'fir' ? [new Blur({taps: [1, 2, 1]})] : []);

export const upConv = (resampling: Resampling, from: number, to: number, options: ResamplingConvOptions): Module[] => [
  new UpConv(from, to, options),
  ...smooth(resampling),
];

export const downConv = (
  resampling: Resampling,
  from: number,
  to: number,
  options: ResamplingConvOptions,
): Module[] => [...smooth(resampling), new DownConv(from, to, options)];

/** Normalisation in a generator. */
export type Norm = 'batch' | 'pixel' | 'none';

/**
 * How a generator normalises.
 * @param classes batch norm has a scale and a shift for each; the others do not tell classes apart
 */
export function normsOf(norm: Norm, classes?: number): (channels: number) => Module[] {
  if (norm === 'pixel') return () => [new PixelNorm()];
  if (norm === 'none') return () => [];
  return (channels) => [
    classes === undefined ? new BatchNorm(channels, {bias: 0}) : new ConditionalBatchNorm(channels, classes, {bias: 0}),
  ];
}

/** The last layer of a critic, features to a score. */
export const scoreOf = (features: number, classes: number | undefined, options: DenseOptions): Module =>
  classes === undefined ? new Dense(features, 1, options) : new Projection(features, classes, options);
