/** Directions of the latent space along which a generator's images change most. */
import {tf, type Tensor} from '../backends/tf.js';
import {GanError} from '../errors.js';
import {inEvalMode} from './eval-mode.js';
import {symmetricEigen} from './metrics/linear-algebra.js';
import type {Module} from './module.js';
import {observe} from './observe.js';
import {Rng} from './rng.js';

export interface DirectionOptions {
  /** How many, at most; 10. A generator has as many as its latents have numbers. */
  count?: number;
  /** Latents that the layer is observed with, at least; 1024. */
  samples?: number;
  /** Of these latents; 0. */
  seed?: number;
}

export interface LatentDirections {
  /** Unit vectors [latentSize], orthogonal to each other, the one that changes most first. */
  vectors: Float32Array[];
  /** Of each, its share of the variance that normal latents cause in what the layer gives, 0 to 1. */
  shares: number[];
  /** The layer, by its place in the generator as in a state dictionary; '' for the generator itself. */
  layer: string;
}

/** Latents that are moved through the layer at a time, and as many with the opposite sign. */
const atOnce = 64;

/**
 * Principal directions of a generator's first layer: the eigenvectors of AᵀA for the matrix A by which that layer
 * multiplies a latent (SeFa, arXiv 2007.06600, section 3.2). They are also the principal components of the layer's
 * output over normal latents, taken back to the latents (GANSpace, arXiv 2004.02546, section 2.2). A is measured: the
 * linear map nearest, by least squares, to what the layer does to seeded latents. Of a layer that is linear up to a
 * bias it is the layer's weight; of any other one it is its linear part.
 *
 *     const {vectors} = await latentDirections(generator, 100);
 *     const moved = latent.map((value, i) => value + 3 * vectors[0]![i]!);
 *
 * The first layer is the first that has parameters and whose output depends on the latent. The sign of a vector is
 * such that its largest number is positive.
 * @param generator unconditional, with the input [batch, latentSize]; it is used in eval mode
 * @throws GanError GAN_LABELS for a conditional generator, GAN_ARGUMENT for counts below 1, GAN_NO_DIRECTIONS for a
 * generator whose images do not depend on the latent
 */
export async function latentDirections(
  generator: Module,
  latentSize: number,
  {count = 10, samples = 1024, seed = 0}: DirectionOptions = {},
): Promise<LatentDirections> {
  if (!(count >= 1 && samples >= 1))
    throw new GanError('usage', 'GAN_ARGUMENT', `latentDirections: count is ${count}, samples ${samples}; wanted >= 1`);
  if (generator.takesLabels)
    throw new GanError('data', 'GAN_LABELS', 'latentDirections: the generator is conditional, it needs classes, too');
  const rng = new Rng(seed).fork('directions');
  const layer = await firstLayer(generator, rng.fork('probe').normal(2 * latentSize), latentSize);
  const gram = await gramOf(generator, layer.module, latentSize, {samples, rng});
  const {values, vectors} = symmetricEigen(gram, latentSize);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return {
    vectors: vectors.slice(0, count).map(withSign),
    shares: values.slice(0, count).map((value) => Math.max(0, value) / total),
    layer: layer.path,
  };
}

/**
 * The first layer in the order of computing that has parameters and gives two latents different outputs.
 * @param latents of two, flat
 */
async function firstLayer(
  generator: Module,
  latents: Float32Array,
  latentSize: number,
): Promise<{path: string; module: Module}> {
  const layers = generator.namedModules().filter(([path, module]) => path === '' || module.entries().length > 0);
  const seen: {path: string; module: Module; differs: Tensor}[] = [];
  const restore = layers.map(([path, module]) =>
    observe(module, (output) => {
      if (output.shape[0] !== 2) return;
      const [a, b] = tf.split(output, 2) as [Tensor, Tensor];
      seen.push({path, module, differs: tf.keep(tf.max(tf.abs(tf.sub(a, b))))});
    }),
  );
  try {
    tf.tidy(() => void inEvalMode(generator, () => generator.forward(tf.tensor2d(latents, [2, latentSize]))));
    for (const {path, module, differs} of seen) {
      const [difference = 0] = await differs.data();
      if (difference > 0) return {path, module};
    }
  } finally {
    for (const undo of restore) undo();
    for (const {differs} of seen) differs.dispose();
  }
  throw new GanError('data', 'GAN_NO_DIRECTIONS', 'the images of the generator do not depend on the latent', {
    suggestions: ['use another checkpoint, or train anew: the generator makes one image only'],
  });
}

/** AᵀA of the layer's linear part A, [latentSize, latentSize]. */
async function gramOf(
  generator: Module,
  layer: Module,
  latentSize: number,
  {samples, rng}: {samples: number; rng: Rng},
): Promise<Float64Array> {
  const rounds = Math.ceil(samples / (2 * latentSize));
  let cross: Tensor | undefined; // sum of latentᵀ output, [latentSize, outputs]
  const add = (latents: Float32Array): void => {
    const n = latents.length / latentSize;
    const before = cross;
    cross = tf.tidy(() => {
      const z = tf.tensor2d(latents, [n, latentSize]);
      const [plus, minus] = tf.split(outputOf(generator, layer, tf.concat([z, tf.neg(z)])), 2) as [Tensor, Tensor];
      const sum = tf.matMul(z, tf.reshape(tf.sub(plus, minus), [n, -1]), true);
      return before ? tf.add(before, sum) : sum;
    });
    before?.dispose();
  };
  try {
    const latents = new Float32Array(rounds * latentSize * latentSize);
    for (let round = 0; round < rounds; round++)
      latents.set(orthogonalFrame(latentSize, rng.fork('frame', round)), round * latentSize * latentSize);
    for (let from = 0; from < latents.length; from += atOnce * latentSize)
      add(latents.slice(from, from + atOnce * latentSize));
    // the latents' own products sum to a multiple of the unit matrix: least squares need no inverse
    const scale = 1 / (2 * rounds * latentSize);
    const product = tf.tidy(() => {
      const map = tf.mul(cross!, scale);
      return tf.matMul(map, map, false, true);
    });
    const gram = Float64Array.from(await product.data());
    product.dispose();
    return gram;
  } finally {
    cross?.dispose();
  }
}

/** Ends a forward pass when what is wanted of it is there. */
class Reached extends Error {
  readonly output: Tensor;

  constructor(output: Tensor) {
    super('the rest of the network is not needed');
    this.output = output;
  }
}

/** What a layer gives when the generator gets these latents; what comes after it is not computed. Within a tidy. */
function outputOf(generator: Module, layer: Module, latents: Tensor): Tensor {
  const undo = observe(layer, (output) => {
    throw new Reached(output);
  });
  try {
    return inEvalMode(generator, () => generator.forward(latents));
  } catch (error) {
    if (error instanceof Reached) return error.output;
    throw error;
  } finally {
    undo();
  }
}

/**
 * As many latents as a latent has numbers, orthogonal to each other and as long as a normal latent is on the average:
 * by Gram and Schmidt. Flat, [size, size].
 */
function orthogonalFrame(size: number, rng: Rng): Float32Array {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from(rng.normal(size));
    for (const other of [...rows, ...rows]) {
      // twice, against rounding
      const along = dot(row, other) / size;
      for (let i = 0; i < size; i++) row[i]! -= along * other[i]!;
    }
    const scale = Math.sqrt(size / dot(row, row));
    rows.push(row.map((value) => value * scale));
  }
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** A vector or its opposite, whichever has the largest number positive. */
function withSign(vector: Float64Array): Float32Array {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return Float32Array.from(vector, (value) => (largest < 0 ? -value : value));
}
