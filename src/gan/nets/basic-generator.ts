import {GanError} from '../../errors.js';
import {Tanh} from '../layers/activations.js';
import {Conv} from '../layers/conv.js';
import {ConvLayer} from '../layers/conv-layer.js';
import {Sequential} from '../layers/sequential.js';
import {AddChannels} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import {basicPyramid, type BasicOptions, type Sides} from './basic-critic.js';

/**
 * Convolutional generator (fastai's basic_generator, after DCGAN, arXiv 1511.06434): latents [batch, inSize] -> images
 * [batch, height, width, nChannels] in [-1, 1].
 * @param outSize side of square images: 8, 16, 32, ...; or [height, width], as of `basicCritic`
 * @param options `inSize` is the length of a latent, 100
 * @throws GanError GAN_SIZE for other sides, where fastai would silently return images of another size
 */
export function basicGenerator(
  outSize: Sides,
  nChannels: number,
  options: BasicOptions & {inSize?: number} = {},
): Sequential {
  const {inSize = 100, nFeatures = 64, nExtraLayers = 0, ...rest} = options;
  const {halvings, base} = basicPyramid('basicGenerator', outSize);
  if (nFeatures < 2)
    throw new GanError('usage', 'GAN_ARGUMENT', `basicGenerator: nFeatures is ${nFeatures}, wanted at least 2`);
  let features = Math.floor(nFeatures / 2) * 2 ** halvings;
  const layers: Module[] = [
    new AddChannels(2),
    new ConvLayer(inSize, features, {
      ...rest,
      ks: [base.height, base.width],
      stride: 1,
      padding: 0,
      transpose: true,
    }),
  ];
  for (let i = 1; i < halvings; i++) {
    layers.push(new ConvLayer(features, features / 2, {...rest, ks: 4, stride: 2, padding: 1, transpose: true}));
    features /= 2;
  }
  for (let i = 0; i < nExtraLayers; i++)
    layers.push(new ConvLayer(features, features, {...rest, ks: 3, stride: 1, padding: 1, transpose: true}));
  layers.push(
    new Conv(features, nChannels, {
      kernelSize: 4,
      stride: 2,
      padding: 1,
      transposed: true,
      bias: false,
      ...(rest.rng && {rng: rest.rng}),
    }),
    new Tanh(),
  );
  return new Sequential(layers);
}
