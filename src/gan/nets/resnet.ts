/**
 * Residual networks of SNGAN (arXiv 1802.05957, appendix B.4), with convolutions fused with the change of size. At 32
 * pixels and less all layers are as wide (256 in the generator, 128 in the critic); above, the layer next to the image
 * has 64 channels and each halving doubles them, up to 1024.
 */
import {LeakyReLU, ReLU, Tanh} from '../layers/activations.js';
import {BatchNorm} from '../layers/batch-norm.js';
import {Conv} from '../layers/conv.js';
import {Dense} from '../layers/dense.js';
import {scaled, xavierUniform, zeros, type Init} from '../layers/init.js';
import {MinibatchStddev} from '../layers/minibatch-stddev.js';
import {PixelNorm} from '../layers/pixel-norm.js';
import {AvgPool, FirDown, Upsample} from '../layers/resampling.js';
import {DownConv, UpConv, type ResamplingConvOptions} from '../layers/resampling-conv.js';
import {Residual} from '../layers/residual.js';
import {Sequential} from '../layers/sequential.js';
import {GlobalSum, Reshape} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import type {ImageShape} from './architecture.js';
import {pyramid} from './image-pyramid.js';

export interface ResnetOptions {
  /**
   * Channels of the generator's layer next to the image. Up to 32 pixels all of its layers have as many, 256, and the
   * critic's half of it; above, 64, and each halving doubles them up to 16 times as many, in both networks.
   */
  nFeatures?: number;
  activation?: 'relu' | 'leaky';
  /**
   * `nearest`: nearest-neighbour upsampling and average pooling, fused with the convolution; `fir`: both by the filter
   * [1, 3, 3, 1], which also keeps high frequencies out (arXiv 1912.04958).
   */
  resampling?: 'nearest' | 'fir';
  rng?: Rng;
}

export interface ResnetGeneratorOptions extends ResnetOptions {
  /** Length of a latent; 128. */
  latentSize?: number;
  norm?: 'batch' | 'pixel' | 'none';
}

export interface ResnetCriticOptions extends ResnetOptions {
  norm?: 'spectral' | 'none';
  /** Images of a group whose standard deviation the critic sees before its last block (arXiv 1710.10196); 0: none. */
  stddevGroup?: number;
}

/** Xavier's initial values; those of layers followed by an activation are larger by its gain. */
const inBranch: Init = scaled(xavierUniform, Math.SQRT2);

/**
 * Latents [batch, latentSize] -> images [batch, height, width, channels] in [-1, 1].
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function resnetGenerator(image: ImageShape, options: ResnetGeneratorOptions = {}): Sequential {
  const {latentSize = 128, nFeatures, activation = 'relu', resampling = 'nearest', norm = 'batch', ...drawn} = options;
  const {halvings, base} = pyramid('resnetGenerator', image);
  const at = (stage: number): number => channelsAt(image, stage, nFeatures);
  const act = activations[activation];
  const block = (from: number, to: number): Module =>
    new Residual(
      new Sequential([
        ...norms[norm](from),
        act(),
        ...up[resampling](from, to, {weightInit: inBranch, biasInit: zeros, ...drawn}),
        ...norms[norm](to),
        act(),
        new Conv(to, to, {kernelSize: 3, padding: 1, weightInit: inBranch, biasInit: zeros, ...drawn}),
      ]),
      new Sequential([
        new Conv(from, to, {kernelSize: 1, weightInit: xavierUniform, biasInit: zeros, ...drawn}),
        new Upsample(2, {mode: resampling}),
      ]),
    );
  const first = at(halvings);
  const blocks = Array.from({length: halvings}, (_, i) => block(at(halvings - i), at(halvings - i - 1)));
  return new Sequential([
    new Dense(latentSize, base.height * base.width * first, {weightInit: xavierUniform, biasInit: zeros, ...drawn}),
    new Reshape([base.height, base.width, first]),
    ...blocks,
    ...norms[norm](at(0)),
    act(),
    new Conv(at(0), image.channels, {
      kernelSize: 3,
      padding: 1,
      weightInit: xavierUniform,
      biasInit: zeros,
      ...drawn,
    }),
    new Tanh(),
  ]);
}

/**
 * Images [batch, height, width, channels] -> scores [batch, 1].
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function resnetCritic(image: ImageShape, options: ResnetCriticOptions = {}): Sequential {
  const {nFeatures, activation = 'relu', resampling = 'nearest', norm = 'spectral', stddevGroup = 0, ...rest} = options;
  const {halvings} = pyramid('resnetCritic', image, 3); // 48 becomes 3, as in the paper
  const drawn = {...rest, biasInit: zeros, ...(norm === 'spectral' && {reparametrization: norm})};
  const act = activations[activation];
  const conv = (from: number, to: number): Module =>
    new Conv(from, to, {kernelSize: 3, padding: 1, weightInit: inBranch, ...drawn});
  const shortcut = (from: number, to: number): Module =>
    new Conv(from, to, {kernelSize: 1, weightInit: xavierUniform, ...drawn});
  const halving = (from: number, to: number, isFirst = false): Module =>
    new Residual(
      new Sequential([
        ...(isFirst ? [] : [act()]),
        conv(from, isFirst ? to : from),
        act(),
        ...down[resampling](isFirst ? to : from, to, {weightInit: inBranch, ...drawn}),
      ]),
      new Sequential([resampling === 'fir' ? new FirDown() : new AvgPool(), shortcut(from, to)]),
    );
  const plain = (from: number, to: number): Module =>
    new Residual(
      new Sequential([act(), conv(from, from), act(), conv(from, to)]),
      from === to ? undefined : shortcut(from, to),
    );
  const at = (stage: number): number => channelsAt(image, stage, nFeatures, 2);
  const flat = isFlat(image);
  const downs = flat ? Math.min(halvings, 2) : halvings;
  const last = at(downs);
  return new Sequential([
    ...Array.from({length: downs}, (_, i) =>
      i === 0 ? halving(image.channels, at(0), true) : halving(at(i - 1), at(i)),
    ),
    ...(flat ? [plain(last, last)] : []),
    ...(stddevGroup > 0 ? [new MinibatchStddev(stddevGroup)] : []),
    plain((flat ? last : at(downs - 1)) + (stddevGroup > 0 ? 1 : 0), last),
    act(),
    new GlobalSum(),
    new Dense(last, 1, {weightInit: xavierUniform, ...drawn}),
  ]);
}

/** A convolution between images of one size, and the change of size, in this order or the other. */
const up = {
  nearest: (from: number, to: number, options: ResamplingConvOptions): Module[] => [new UpConv(from, to, options)],
  fir: (from: number, to: number, options: ResamplingConvOptions): Module[] => [
    new Upsample(2, {mode: 'fir'}),
    new Conv(from, to, {kernelSize: 3, padding: 1, ...options}),
  ],
};
const down = {
  nearest: (from: number, to: number, options: ResamplingConvOptions): Module[] => [new DownConv(from, to, options)],
  fir: (from: number, to: number, options: ResamplingConvOptions): Module[] => [
    new Conv(from, to, {kernelSize: 3, padding: 1, ...options}),
    new FirDown(),
  ],
};

const activations = {relu: () => new ReLU(), leaky: () => new LeakyReLU(0.2)} as const;

const norms = {
  batch: (channels: number): Module[] => [new BatchNorm(channels, {bias: 0})],
  pixel: (): Module[] => [new PixelNorm()],
  none: (): Module[] => [],
} as const;

/** Channels `stage` halvings away from the image; `part` is what networks of one width are divided by. */
function channelsAt(image: ImageShape, stage: number, nFeatures?: number, part = 1): number {
  if (isFlat(image)) return Math.ceil((nFeatures ?? 256) / part);
  return (nFeatures ?? 64) * 2 ** Math.min(stage, 4);
}

/** True for images whose networks have one width. */
const isFlat = ({height, width}: ImageShape): boolean => Math.max(height, width) <= 32;
