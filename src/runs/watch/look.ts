/** What the watch measures at a look: how different generated images are, how the critic scores them, losses. */
import {tf, type Tensor} from '../../backends/tf.js';
import {firstBatches} from '../../gan/data/first-images.js';
import type {Batch, DataLoader, HostTensor} from '../../gan/data/types.js';
import {inEvalMode} from '../../gan/eval-mode.js';
import type {GANLearner} from '../../gan/gan-learner.js';
import {upload, uploadLabels} from '../../gan/upload.js';
import {mean, sum} from './statistics.js';

/** The critic's scores of the images of a look. */
export interface Scores {
  /** Means over real images of the training, generated images, and images held out for validation. */
  real: number;
  fake: number;
  heldOut?: number;
  /** Standard deviation within the real and within the generated images. */
  spread: number;
  /** Share of the pairs of a real and a generated image in which the real one scores higher; ties count half. */
  realAbove: number;
}

/** Losses of one network in the steps since the look before; of a sum of terms the one called `adversarial`. */
export interface Losses {
  /** Steps of the network. */
  count: number;
  median: number;
  /** Median of the distances from the median. */
  spread: number;
}

export interface Look {
  /** Optimiser steps done, of both networks. */
  step: number;
  /** Mean distance of two generated images over that of two real ones: 1 is as different as the data, 0 all alike. */
  diversity: number;
  /** The same of an image and the one that is nearest to it. */
  nearest: number;
  scores: Scores;
  critic?: Losses;
  generator?: Losses;
  /** Root mean square of each network's weights. */
  weights: {critic: number; generator: number};
}

/** Images of each sort that a look compares, at most. */
const imageCount = 32;

type Labels = NonNullable<Batch['labels']>;

interface Probe {
  /** The generator's inputs: the same at each look. */
  input: HostTensor;
  real: HostTensor;
  labels: Labels | undefined;
  realDistances: Distances;
}

/** Looks at a learner's networks: with the trained weights, not the averaged ones, in eval mode. */
export class Looker {
  readonly #learn: GANLearner;
  #probe: Probe | undefined;
  #heldOut: Pick<Probe, 'real' | 'labels'> | undefined;

  constructor(learn: GANLearner) {
    this.#learn = learn;
  }

  /** Reads the images to compare with. Returns false when there are too few. */
  async begin(): Promise<boolean> {
    const {train, valid} = this.#learn.dls;
    const found = await firstItems(train);
    if (!found) return false;
    this.#probe = {...found, realDistances: distances(await gramOf(() => this.#upload(found.real)))};
    this.#heldOut = valid && (await firstItems(valid));
    return true;
  }

  async look(): Promise<Pick<Look, 'diversity' | 'nearest' | 'scores' | 'weights'>> {
    const {input, real, labels, realDistances} = this.#probe!;
    const fake = tf.tidy(() => this.#run('generator', this.#upload(input), labels));
    try {
      const scores = (images: () => Tensor, of: Labels | undefined): Promise<Float32Array> =>
        read(() => meanPerImage(this.#run('critic', images(), of)));
      const [gram, fakeScores, realScores, heldOut, weights] = await Promise.all([
        gramOf(() => fake),
        scores(() => fake, labels),
        scores(() => this.#upload(real), labels),
        this.#heldOut && scores(() => this.#upload(this.#heldOut!.real), this.#heldOut.labels),
        this.weights(),
      ]);
      const made = distances(gram);
      return {
        diversity: made.mean / realDistances.mean,
        nearest: made.nearest / realDistances.nearest,
        scores: compare(realScores, fakeScores, heldOut),
        weights,
      };
    } finally {
      fake.dispose();
    }
  }

  #upload(data: HostTensor): Tensor {
    return upload(data, this.#learn.dls.normalization);
  }

  #run(name: 'critic' | 'generator', x: Tensor, labels: Labels | undefined): Tensor {
    const {ganModel} = this.#learn;
    return inEvalMode(ganModel.network(name), () =>
      ganModel.runNetwork(name, x, labels && uploadLabels(labels, x.shape[0])),
    );
  }

  /** Root mean square of each network's weights. */
  async weights(): Promise<Look['weights']> {
    const [critic, generator] = await Promise.all([this.#rms('critic'), this.#rms('generator')]);
    return {critic, generator};
  }

  async #rms(name: 'critic' | 'generator'): Promise<number> {
    const parameters = this.#learn.ganModel.network(name).parameters();
    const sums = await read(() => tf.stack(parameters.map(({variable}) => tf.sum(tf.square(variable)))));
    const count = parameters.reduce((total, {variable}) => total + variable.size, 0);
    return Math.sqrt(sum(sums) / count);
  }
}

/** What a function gives, on the host. */
async function read(make: () => Tensor): Promise<Float32Array> {
  const made = tf.tidy(make);
  try {
    return (await made.data()) as Float32Array;
  } finally {
    made.dispose();
  }
}

/** The first items of a loader; undefined when there are fewer than two. */
async function firstItems(loader: DataLoader): Promise<Omit<Probe, 'realDistances'> | undefined> {
  if (loader.size < 2 || loader.length === 0) return undefined;
  const {input, images, labels} = await firstBatches(loader, imageCount);
  return {input, real: images, labels};
}

/** [n, ...] -> [n] */
const meanPerImage = (scores: Tensor): Tensor => tf.mean(tf.reshape(scores, [scores.shape[0], -1]), 1);

/** Inner products of all pairs of images, [n * n]; around their mean, so that alike images give zeros. */
const gramOf = (images: () => Tensor): Promise<Float32Array> =>
  read(() => {
    const flat = images();
    const rows = tf.reshape(flat, [flat.shape[0], -1]);
    const centred = tf.sub(rows, tf.mean(rows, 0, true));
    return tf.matMul(centred, centred, false, true);
  });

interface Distances {
  /** Of two different images. */
  mean: number;
  /** Of an image and the one nearest to it. */
  nearest: number;
}

/** Euclidean distances between images, from their inner products [n * n]. */
export function distances(gram: Float32Array): Distances {
  const n = Math.sqrt(gram.length);
  const to = (i: number, j: number): number =>
    Math.sqrt(Math.max(0, gram[i * n + i]! + gram[j * n + j]! - 2 * gram[i * n + j]!));
  const others = Array.from({length: n}, (_, i) => Array.from({length: n}, (__, j) => j).filter((j) => j !== i));
  const rows = others.map((js, i) => js.map((j) => to(i, j)));
  return {mean: mean(rows.map(mean)), nearest: mean(rows.map((row) => Math.min(...row)))};
}

/** Compares scores of single images. */
export function compare(real: ArrayLike<number>, fake: ArrayLike<number>, heldOut?: ArrayLike<number>): Scores {
  const [a, b] = [Array.from(real), Array.from(fake)];
  const above = a.map((r) => mean(b.map((f) => (r > f ? 1 : r === f ? 0.5 : 0))));
  const squares = [a, b].map((scores) => mean(scores.map((score) => (score - mean(scores)) ** 2)));
  return {
    real: mean(a),
    fake: mean(b),
    ...(heldOut && {heldOut: mean(Array.from(heldOut))}),
    spread: Math.sqrt(mean(squares)),
    realAbove: mean(above),
  };
}
