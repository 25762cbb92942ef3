/**
 * Small networks for a processor: one convolution a stage, fused with the change of size, and few channels where the
 * image is large. Each stage has half the channels of the one at half its size.
 */
import {LeakyReLU, Tanh} from '../layers/activations.js';
import {Conv} from '../layers/conv.js';
import {Dense} from '../layers/dense.js';
import {kaimingNormal, xavierUniform, zeros} from '../layers/init.js';
import {MinibatchStddev} from '../layers/minibatch-stddev.js';
import {Residual} from '../layers/residual.js';
import {Sequential} from '../layers/sequential.js';
import {Flatten, Reshape} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import type {ImageShape} from './architecture.js';
import {classInput} from './class-beside.js';
import {pyramid} from './image-pyramid.js';
import {downConv, normsOf, scoreOf, upConv, type Norm, type Resampling} from './stages.js';

export interface LightOptions {
  /** Channels of the layer next to the image, 8; each halving doubles them. */
  nFeatures?: number;
  /** Largest number of channels; 256. */
  maxFeatures?: number;
  /** Residual blocks of one 3x3 convolution more at each stage; 0. */
  nExtraLayers?: number;
  resampling?: Resampling;
  /** Makes the networks conditional: both take labels. Default: none. */
  classes?: number;
  rng?: Rng;
}

export interface LightGeneratorOptions extends LightOptions {
  /** Length of a latent; 64. */
  latentSize?: number;
  norm?: Norm;
}

export interface LightCriticOptions extends LightOptions {
  norm?: 'spectral' | 'none';
  /** Images of a group whose standard deviation the critic sees at its end (arXiv 1710.10196); 0: none. */
  stddevGroup?: number;
}

const act = (): Module => new LeakyReLU(0.2);

/**
 * Latents [batch, latentSize] -> images [batch, height, width, channels] in [-1, 1]. Classes are in its batch norms
 * (arXiv 1802.05637), or beside the latents where it has none.
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function lightGenerator(image: ImageShape, options: LightGeneratorOptions = {}): Sequential {
  const {latentSize = 64, norm = 'batch', nExtraLayers = 0, resampling = 'nearest', classes, rng} = options;
  const {halvings, base} = pyramid('lightGenerator', image);
  const norms = normsOf(norm, classes);
  const [joined, features] = classInput(latentSize, norm === 'batch' ? undefined : classes, rng);
  const at = channelsOf(options);
  const drawn = {weightInit: kaimingNormal, biasInit: zeros, bias: norm !== 'batch', ...(rng && {rng})};
  const extra = (channels: number): Module =>
    new Residual(
      new Sequential([new Conv(channels, channels, {kernelSize: 3, padding: 1, ...drawn}), ...norms(channels), act()]),
    );
  const stage = (channels: number): Module[] => [
    ...norms(channels),
    act(),
    ...Array.from({length: nExtraLayers}, () => extra(channels)),
  ];
  const first = at(halvings);
  return new Sequential([
    ...joined,
    new Dense(features, base.height * base.width * first, drawn),
    new Reshape([base.height, base.width, first]),
    ...stage(first),
    ...Array.from({length: halvings}, (_, i) => {
      const [from, to] = [at(halvings - i), at(halvings - i - 1)];
      return [...upConv(resampling, from, to, drawn), ...stage(to)];
    }).flat(),
    new Conv(at(0), image.channels, {kernelSize: 1, weightInit: xavierUniform, biasInit: zeros, ...(rng && {rng})}),
    new Tanh(),
  ]);
}

/**
 * Images [batch, height, width, channels] -> scores [batch, 1]. Its first layer already halves the image. With classes
 * it is a projection critic (arXiv 1802.05637).
 * @throws GanError GAN_SIZE for sizes that are not 4 to 8 times a power of two
 */
export function lightCritic(image: ImageShape, options: LightCriticOptions = {}): Sequential {
  const {norm = 'spectral', nExtraLayers = 0, resampling = 'nearest', stddevGroup = 0, classes, rng} = options;
  const {halvings, base} = pyramid('lightCritic', image);
  const at = channelsOf(options);
  const drawn = {
    weightInit: kaimingNormal,
    biasInit: zeros,
    ...(rng && {rng}),
    ...(norm === 'spectral' && {reparametrization: norm}),
  };
  const extra = (channels: number): Module =>
    new Residual(new Sequential([new Conv(channels, channels, {kernelSize: 3, padding: 1, ...drawn}), act()]));
  const stages = Array.from({length: halvings}, (_, i) => [
    ...downConv(resampling, i === 0 ? image.channels : at(i), at(i + 1), drawn),
    act(),
    ...Array.from({length: nExtraLayers}, () => extra(at(i + 1))),
  ]).flat();
  const last = at(halvings) + (stddevGroup > 0 ? 1 : 0);
  return new Sequential([
    ...stages,
    ...(stddevGroup > 0 ? [new MinibatchStddev(stddevGroup)] : []),
    new Flatten(),
    scoreOf(base.height * base.width * last, classes, drawn),
  ]);
}

/** Channels a number of halvings away from the image. */
const channelsOf =
  ({nFeatures = 8, maxFeatures = 256}: LightOptions) =>
  (stage: number): number =>
    Math.min(nFeatures * 2 ** stage, maxFeatures);
