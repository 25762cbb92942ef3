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
import {classInput} from './class-beside.js';
import {scoreOf} from './stages.js';

export interface MlpOptions {
  /** Hidden layers; 3. */
  layers?: number;
  /** Units of each hidden layer; 128. */
  width?: number;
  activation?: 'relu' | 'leaky';
  /** Makes the networks conditional: both take labels. Default: none. */
  classes?: number;
  rng?: Rng;
}

/**
 * Latents [batch, latentSize] -> [batch, height, width, channels], of any values: nothing bounds them. A vector of the
 * class, where there are classes, is beside the latents.
 */
export function mlpGenerator(image: ImageShape, options: MlpOptions & {latentSize?: number} = {}): Sequential {
  const {latentSize = 64, classes, ...rest} = options;
  const {height, width, channels} = image;
  const [joined, features] = classInput(latentSize, classes, rest.rng);
  return new Sequential([
    ...joined,
    ...denseLayers(features, height * width * channels, rest),
    new Reshape([height, width, channels]),
  ]);
}

/** Images [batch, height, width, channels] -> scores [batch, 1]; with classes by projection (arXiv 1802.05637). */
export function mlpCritic({height, width, channels}: ImageShape, options: MlpOptions = {}): Sequential {
  const values = height * width * channels;
  return new Sequential([new Reshape([values]), ...denseLayers(values, 1, options)]);
}

function denseLayers(from: number, to: number, options: MlpOptions): Module[] {
  const {layers = 3, width = 128, activation = 'relu', classes, rng} = options;
  const dense = (inputs: number, outputs: number): Module =>
    new Dense(inputs, outputs, {weightInit: kaimingNormal, ...(rng && {rng})});
  const hidden = Array.from({length: layers}, (_, i) => [
    dense(i === 0 ? from : width, width),
    activation === 'relu' ? new ReLU() : new LeakyReLU(0.2),
  ]);
  const features = layers === 0 ? from : width;
  return [
    ...hidden.flat(),
    classes === undefined
      ? dense(features, to)
      : scoreOf(features, classes, {weightInit: kaimingNormal, ...(rng && {rng})}),
  ];
}
