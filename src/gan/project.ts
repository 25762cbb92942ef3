import {tf, type Tensor} from '../backends/tf.js';
import {GanError} from '../errors.js';
import type {Normalization} from './data/normalize.js';
import type {HostTensor} from './data/types.js';
import {inEvalMode} from './eval-mode.js';
import type {Module} from './module.js';
import {Rng} from './rng.js';
import {upload} from './upload.js';

export interface ProjectOptions {
  /** Steps of gradient descent; 200. */
  steps?: number;
  /** Learning rate of Adam at the first step; it falls to 0 by half a cosine. 0.1. */
  lr?: number;
  /** Random latents that each image begins with the nearest of; 64. */
  candidates?: number;
  /** Of the candidates; 0. */
  seed?: number;
}

export interface Projection {
  /** A latent of each image, [latentSize]. */
  latents: Float32Array[];
  /** Mean squared difference of each image's normalised pixels from those that its latent gives. */
  errors: Float32Array;
}

/** Candidates that are drawn at a time. */
const atOnce = 32;

/**
 * Latents whose images are near the given ones: the nearest of some random latents, improved by gradient descent on the
 * squared difference of the pixels (arXiv 1702.04782). What the generator cannot draw is not found.
 * @param generator unconditional; it is used in eval mode
 * @param images bytes [n, height, width, channels] of the generator's size
 */
export async function projectImages(
  generator: Module,
  images: HostTensor,
  {latentSize, normalization}: {latentSize: number; normalization: Normalization},
  {steps = 200, lr = 0.1, candidates = 64, seed = 0}: ProjectOptions = {},
): Promise<Projection> {
  if (!(steps >= 0 && lr > 0 && candidates >= 1))
    throw new GanError(
      'usage',
      'GAN_ARGUMENT',
      `project: steps is ${steps}, lr ${lr} and candidates ${candidates}; wanted steps >= 0, lr > 0, candidates >= 1`,
    );
  const n = images.shape[0]!;
  const target = upload(images, normalization);
  const draw = (latents: Tensor): Tensor => inEvalMode(generator, () => generator.forward(latents));
  try {
    const values = await nearestCandidates(draw, target, {latentSize, candidates, rng: new Rng(seed).fork('project')});
    const errorsOf = (latents: Tensor): Tensor => tf.mean(tf.square(tf.sub(draw(latents), target)), [1, 2, 3]);
    // each image's error has its own latent: the gradient of the sum is that of each
    const gradient = tf.grad((latents) => tf.sum(errorsOf(latents)));
    const adam = new HostAdam(values.length);
    for (let step = 0; step < steps; step++) {
      const slopes = tf.tidy(() => gradient(tf.tensor2d(values, [n, latentSize])));
      adam.update(values, (await slopes.data()) as Float32Array, (lr * (1 + Math.cos((Math.PI * step) / steps))) / 2);
      slopes.dispose();
    }
    const final = tf.tidy(() => errorsOf(tf.tensor2d(values, [n, latentSize])));
    const errors = (await final.data()) as Float32Array;
    final.dispose();
    return {latents: Array.from({length: n}, (_, i) => values.slice(i * latentSize, (i + 1) * latentSize)), errors};
  } finally {
    target.dispose();
  }
}

/** For each image the nearest of some random latents, flat [n, latentSize]. */
async function nearestCandidates(
  draw: (latents: Tensor) => Tensor,
  target: Tensor,
  {latentSize, candidates, rng}: {latentSize: number; candidates: number; rng: Rng},
): Promise<Float32Array> {
  const n = target.shape[0];
  const best = {errors: new Float32Array(n).fill(Infinity), latents: new Float32Array(n * latentSize)};
  for (let start = 0; start < candidates; start += atOnce) {
    const count = Math.min(atOnce, candidates - start);
    const latents = rng.fork(start).normal(count * latentSize);
    const errors = tf.tidy(() => {
      const drawn = tf.reshape(draw(tf.tensor2d(latents, [count, latentSize])), [count, -1]);
      const wanted = tf.reshape(target, [n, -1]);
      // |a - b|^2 = |a|^2 - 2ab + |b|^2, without the |b|^2 that all candidates share
      return tf.sub(tf.sum(tf.square(drawn), 1), tf.mul(2, tf.matMul(wanted, drawn, false, true)));
    });
    const values = (await errors.data()) as Float32Array; // [n, count]
    errors.dispose();
    for (let i = 0; i < n; i++)
      for (let j = 0; j < count; j++) {
        if (values[i * count + j]! >= best.errors[i]!) continue;
        best.errors[i] = values[i * count + j]!;
        best.latents.set(latents.subarray(j * latentSize, (j + 1) * latentSize), i * latentSize);
      }
  }
  return best.latents;
}

/** Adam (arXiv 1412.6980) on an array of the host, with the paper's constants. */
class HostAdam {
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #step = 0;

  constructor(length: number) {
    this.#mean = new Float32Array(length);
    this.#square = new Float32Array(length);
  }

  update(values: Float32Array, slopes: Float32Array, lr: number): void {
    this.#step++;
    const [meanShare, squareShare] = [1 - 0.9 ** this.#step, 1 - 0.999 ** this.#step];
    for (let i = 0; i < values.length; i++) {
      this.#mean[i] = 0.9 * this.#mean[i]! + 0.1 * slopes[i]!;
      this.#square[i] = 0.999 * this.#square[i]! + 0.001 * slopes[i]! ** 2;
      values[i]! -= (lr * (this.#mean[i]! / meanShare)) / (Math.sqrt(this.#square[i]! / squareShare) + 1e-8);
    }
  }
}
