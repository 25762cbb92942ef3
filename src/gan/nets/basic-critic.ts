import {GanError} from '../../errors.js';
import {Conv} from '../layers/conv.js';
import {ConvLayer, type ConvLayerOptions} from '../layers/conv-layer.js';
import {kaimingNormal, zeros} from '../layers/init.js';
import {Sequential} from '../layers/sequential.js';
import {Flatten} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import {pyramid, type Pyramid} from './image-pyramid.js';

/** Options of the basic networks besides their sizes. The remaining options go to every ConvLayer. */
export interface BasicOptions extends Omit<ConvLayerOptions, 'ks' | 'stride' | 'padding' | 'transpose' | 'ndim'> {
  /** Channels of the widest image-side layer; 64. */
  nFeatures?: number;
  /** 3x3 layers more, at half the image's side; 0. */
  nExtraLayers?: number;
}

/**
 * Convolutional critic, also called discriminator (fastai's basic_critic, after DCGAN, arXiv 1511.06434):
 * [batch, height, width, nChannels] -> one score an image, [batch, 1]. The default activation is ReLU.
 * @param inSize side of square images: 8, 16, 32, ... (4 times a power of two); or [height, width], halved together
 * until the smaller one has 3 to 8 pixels
 * @throws GanError GAN_SIZE for other sides
 */
export function basicCritic(inSize: Sides, nChannels: number, options: BasicOptions = {}): Sequential {
  const {nFeatures = 64, nExtraLayers = 0, normType = 'Batch', ...rest} = options;
  const {halvings, base} = basicPyramid('basicCritic', inSize);
  const layers: Module[] = [
    new ConvLayer(nChannels, nFeatures, {...rest, ks: 4, stride: 2, padding: 1, normType: null}),
  ];
  for (let i = 0; i < nExtraLayers; i++)
    layers.push(new ConvLayer(nFeatures, nFeatures, {...rest, ks: 3, stride: 1, padding: 1, normType}));
  let features = nFeatures;
  for (let i = 1; i < halvings; i++) {
    layers.push(new ConvLayer(features, features * 2, {...rest, ks: 4, stride: 2, padding: 1, normType}));
    features *= 2;
  }
  const {init = 'auto', rng} = rest;
  layers.push(
    new Conv(features, 1, {
      kernelSize: [base.height, base.width],
      weightInit: typeof init === 'function' ? init : kaimingNormal,
      biasInit: zeros,
      ...(rng && {rng}),
    }),
    new Flatten(),
  );
  return new Sequential(layers);
}

/** The side of square images, or [height, width]; in pixels. */
export type Sides = number | readonly [height: number, width: number];

/**
 * The stages of the basic networks. The base of square images has 4x4 pixels, as in fastai; that of others has the
 * proportions of the image, and a smaller side of 3 to 8.
 * @throws GanError GAN_SIZE for sides that cannot be halved so
 */
export function basicPyramid(network: string, size: Sides): Pyramid {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  if (!Object.is(height, width)) return pyramid(network, {height, width}, {least: 3, nearestSquare: powerNear});
  checkImageSize(network, height);
  return {halvings: Math.log2(height / 4), base: {height: 4, width: 4}};
}

const powerNear = (size: number): number => 2 ** Math.max(3, Math.round(Math.log2(Math.max(size, 8) || 8)));

/** @throws GanError GAN_SIZE unless `size` is 8, 16, 32, 64, ... */
function checkImageSize(network: string, size: number): void {
  if (Number.isInteger(Math.log2(size)) && size >= 8) return;
  throw new GanError(
    'usage',
    'GAN_SIZE',
    `${network}: an image side of ${size} cannot be halved down to 4; wanted 8, 16, 32, 64, 128, ... (4 times a power of two)`,
    {
      suggestions: [`use ${powerNear(size)}`],
    },
  );
}
