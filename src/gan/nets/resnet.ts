/**
 * Residual networks of SNGAN (arXiv 1802.05957, appendix B.4), with convolutions fused with the change of size. At 32
 * pixels and less all layers are as wide (256 in the generator, 128 in the critic); above, the layer next to the image
 * has 64 channels and each halving doubles them, up to 1024.
 */
import {LeakyReLU, ReLU, Tanh} from '../layers/activations.js';
import {Conv} from '../layers/conv.js';
import {Dense} from '../layers/dense.js';
import {scaled, xavierUniform, zeros, type Init} from '../layers/init.js';
import {MinibatchStddev} from '../layers/minibatch-stddev.js';
import {AvgPool, FirDown, Upsample} from '../layers/resampling.js';
import {Residual} from '../layers/residual.js';
import {Sequential} from '../layers/sequential.js';
import {GlobalSum, Reshape} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import type {ImageShape} from './architecture.js';
import {classInput} from './class-beside.js';
import {pyramid} from './image-pyramid.js';
import {downConv, normsOf, scoreOf, upConv, type Norm, type Resampling} from './stages.js';

export interface ResnetOptions {
  /**
   * Channels of the generator's layer next to the image. Up to 32 pixels all of its layers have as many, 256, and the
   * critic's half of it; above, 64, and each halving doubles them up to 16 times as many, in both networks.
   */
  nFeatures?: number;
  activation?: 'relu' | 'leaky';
  resampling?: Resampling;
  /** Makes the networks conditional: both take labels. Default: none. */
  classes?: number;
  rng?: Rng;
}

export interface ResnetGeneratorOptions extends ResnetOptions {
  /** Length of a latent; 128. */
  latentSize?: number;
  norm?: Norm;
}

export interface ResnetCriticOptions extends ResnetOptions {
  norm?: 'spectral' | 'none';
  /** Images of a group whose standard deviation the critic sees before its last block (arXiv 1710.10196); 0: none. */
  stddevGroup?: number;
}

/** Xavier's initial values; those of layers followed by an activation are larger by its gain. */
const inBranch: Init = scaled(xavierUniform, Math.SQRT2);

/**
 * Latents [batch, latentSize] -> images [batch, height, width, channels] in [-1, 1]. Classes are in its batch norms
 * (arXiv 1802.05637), or beside the latents where it has none.
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function resnetGenerator(image: ImageShape, options: ResnetGeneratorOptions = {}): Sequential {
  const {
    latentSize = 128,
    nFeatures,
    activation = 'relu',
    resampling = 'nearest',
    norm = 'batch',
    classes,
    ...drawn
  } = options;
  const {halvings, base} = pyramid('resnetGenerator', image);
  const norms = normsOf(norm, classes);
  const [joined, features] = classInput(latentSize, norm === 'batch' ? undefined : classes, drawn.rng);
  const at = (stage: number): number => channelsAt(image, stage, nFeatures);
  const act = activations[activation];
  const block = (from: number, to: number): Module =>
    new Residual(
      new Sequential([
        ...norms(from),
        act(),
        ...upConv(resampling, from, to, {weightInit: inBranch, biasInit: zeros, ...drawn}),
        ...norms(to),
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
    ...joined,
    new Dense(features, base.height * base.width * first, {weightInit: xavierUniform, biasInit: zeros, ...drawn}),
    new Reshape([base.height, base.width, first]),
    ...blocks,
    ...norms(at(0)),
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
 * Images [batch, height, width, channels] -> scores [batch, 1]. With classes it is a projection critic (arXiv
 * 1802.05637).
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function resnetCritic(image: ImageShape, options: ResnetCriticOptions = {}): Sequential {
  const {
    nFeatures,
    activation = 'relu',
    resampling = 'nearest',
    norm = 'spectral',
    stddevGroup = 0,
    classes,
    ...rest
  } = options;
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
        ...downConv(resampling, isFirst ? to : from, to, {weightInit: inBranch, ...drawn}),
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
    scoreOf(last, classes, {weightInit: xavierUniform, ...drawn}),
  ]);
}

const activations = {relu: () => new ReLU(), leaky: () => new LeakyReLU(0.2)} as const;

/** Channels `stage` halvings away from the image; `part` is what networks of one width are divided by. */
function channelsAt(image: ImageShape, stage: number, nFeatures?: number, part = 1): number {
  if (isFlat(image)) return Math.ceil((nFeatures ?? 256) / part);
  return (nFeatures ?? 64) * 2 ** Math.min(stage, 4);
}

/** True for images whose networks have one width. */
const isFlat = ({height, width}: ImageShape): boolean => Math.max(height, width) <= 32;
