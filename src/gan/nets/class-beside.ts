/** Makes networks conditional that know nothing of classes: the class comes beside their input. */
import {ClassEmbeddingChannel, ConcatClassEmbedding} from '../layers/class-inputs.js';
import {Sequential} from '../layers/sequential.js';
import type {Module} from '../module.js';
import type {Rng} from '../rng.js';
import type {ImageShape} from './architecture.js';

/** Length of the vector that a class has beside a latent. */
const classFeatures = 64;

/**
 * What a generator has before its first layer, and the length of what that gives: a vector of the class beside the
 * latent. Nothing without classes.
 */
export function classInput(
  latentSize: number,
  classes: number | undefined,
  rng?: Rng,
): [layers: Module[], features: number] {
  if (classes === undefined) return [[], latentSize];
  return [[new ConcatClassEmbedding(classes, classFeatures, rng ? {rng} : {})], latentSize + classFeatures];
}

/**
 * A generator of latents and labels.
 * @param classes undefined: the generator itself
 * @param make the generator for inputs of that length
 */
export function besideLatents(
  classes: number | undefined,
  latentSize: number,
  make: (inputSize: number) => Module,
): Module {
  const [joined, features] = classInput(latentSize, classes);
  return joined.length === 0 ? make(features) : new Sequential([...joined, make(features)]);
}

/**
 * A critic of images and labels, which gets a learned picture of the class as one more channel (as arXiv
 * 1411.1784 gives it to its critic's input).
 * @param classes undefined: the critic itself
 * @param make the critic for images of so many channels
 */
export function besideImages(
  classes: number | undefined,
  {height, width, channels}: ImageShape,
  make: (channels: number) => Module,
): Module {
  if (classes === undefined) return make(channels);
  return new Sequential([new ClassEmbeddingChannel(classes, [height, width]), make(channels + 1)]);
}
