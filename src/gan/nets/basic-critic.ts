import {GanError} from '../../errors.js';
import {Conv} from '../layers/conv.js';
import {ConvLayer, type ConvLayerOptions} from '../layers/conv-layer.js';
import {kaimingNormal, zeros} from '../layers/init.js';
import {Sequential} from '../layers/sequential.js';
import {Flatten} from '../layers/shape-layers.js';
import type {Module} from '../module.js';

/** Options of the basic networks besides their sizes. The remaining options go to every ConvLayer. */
export interface BasicOptions extends Omit<ConvLayerOptions, 'ks' | 'stride' | 'padding' | 'transpose' | 'ndim'> {
  /** Channels of the widest image-side layer; 64. */
  nFeatures?: number;
  /** 3x3 layers more, at half the image's side; 0. */
  nExtraLayers?: number;
}

/**
 * Convolutional critic, also called discriminator (fastai's basic_critic, after DCGAN, arXiv 1511.06434):
 * [batch, inSize, inSize, nChannels] -> one score an image, [batch, 1]. The default activation is ReLU.
 * @param inSize side of the images: 8, 16, 32, ... (4 times a power of two)
 * @throws GanError GAN_SIZE for another side
 */
export function basicCritic(inSize: number, nChannels: number, options: BasicOptions = {}): Sequential {
  const {nFeatures = 64, nExtraLayers = 0, normType = 'Batch', ...rest} = options;
  checkImageSize('basicCritic', inSize);
  const layers: Module[] = [
    new ConvLayer(nChannels, nFeatures, {...rest, ks: 4, stride: 2, padding: 1, normType: null}),
  ];
  for (let i = 0; i < nExtraLayers; i++)
    layers.push(new ConvLayer(nFeatures, nFeatures, {...rest, ks: 3, stride: 1, padding: 1, normType}));
  let features = nFeatures;
  for (let side = inSize / 2; side > 4; side /= 2) {
    layers.push(new ConvLayer(features, features * 2, {...rest, ks: 4, stride: 2, padding: 1, normType}));
    features *= 2;
  }
  const {init = 'auto', rng} = rest;
  layers.push(
    new Conv(features, 1, {
      kernelSize: 4,
      weightInit: typeof init === 'function' ? init : kaimingNormal,
      biasInit: zeros,
      ...(rng && {rng}),
    }),
    new Flatten(),
  );
  return new Sequential(layers);
}

/** @throws GanError GAN_SIZE unless `size` is 8, 16, 32, 64, ... */
export function checkImageSize(network: string, size: number): void {
  if (Number.isInteger(Math.log2(size)) && size >= 8) return;
  const power = 2 ** Math.max(3, Math.round(Math.log2(Math.max(size, 8) || 8)));
  throw new GanError(
    'usage',
    'GAN_SIZE',
    `${network}: an image side of ${size} cannot be halved down to 4; wanted 8, 16, 32, 64, 128, ... (4 times a power of two)`,
    {
      suggestions: [`use ${power}`],
    },
  );
}
