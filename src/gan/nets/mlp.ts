/**
 * Fully connected networks for points and tiny images (as for the toy data of arXiv 1704.00028, appendix). Biases begin
 * as torch's: with zeros, all bends of the first layer would go through the origin of the plane that the points lie in.
 */
import {LeakyReLU, ReLU} from '../layers/activations.js';
import {Dense} from '../layers/dense.js';
import {kaimingNormal} from '../layers/init.js';
import {Sequential} from '../layers/sequential.js';
import {Reshape} from '../layers/shape-layers.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import type {ImageShape} from './architecture.js';

export interface MlpOptions {
  /** Hidden layers; 3. */
  layers?: number;
  /** Units of each hidden layer; 128. */
  width?: number;
  activation?: 'relu' | 'leaky';
  rng?: Rng;
}

/** Latents [batch, latentSize] -> [batch, height, width, channels], of any values: nothing bounds them. */
export function mlpGenerator(image: ImageShape, options: MlpOptions & {latentSize?: number} = {}): Sequential {
  const {latentSize = 64, ...rest} = options;
  const {height, width, channels} = image;
  return new Sequential([
    ...denseLayers(latentSize, height * width * channels, rest),
    new Reshape([height, width, channels]),
  ]);
}

/** Images [batch, height, width, channels] -> scores [batch, 1]. */
export function mlpCritic({height, width, channels}: ImageShape, options: MlpOptions = {}): Sequential {
  const values = height * width * channels;
  return new Sequential([new Reshape([values]), ...denseLayers(values, 1, options)]);
}

function denseLayers(from: number, to: number, options: MlpOptions): Module[] {
  const {layers = 3, width = 128, activation = 'relu', rng} = options;
  const dense = (inputs: number, outputs: number): Module =>
    new Dense(inputs, outputs, {weightInit: kaimingNormal, ...(rng && {rng})});
  const hidden = Array.from({length: layers}, (_, i) => [
    dense(i === 0 ? from : width, width),
    activation === 'relu' ? new ReLU() : new LeakyReLU(0.2),
  ]);
  return [...hidden.flat(), dense(layers === 0 ? from : width, to)];
}
