/** What the networks of this folder share: norms, and convolutions with a change of size. */
import {BatchNorm} from '../layers/batch-norm.js';
import {PixelNorm} from '../layers/pixel-norm.js';
import {Blur} from '../layers/resampling.js';
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
export const norms = {
  batch: (channels: number): Module[] => [new BatchNorm(channels, {bias: 0})],
  pixel: (): Module[] => [new PixelNorm()],
  none: (): Module[] => [],
} as const;
