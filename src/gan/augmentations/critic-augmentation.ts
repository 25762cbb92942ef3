import type {Tensor} from '../../backends/tf.js';
import type {Hyperparameter, Hyperparameters} from '../hyperparameters.js';
import type {Rng} from '../rng.js';
import {PartRandom, type StepRandom} from '../step-random.js';

/**
 * The random numbers of one call. `uniform` and `int` give one for each image, [n, 1, 1, 1], and an image is left alone
 * with probability 1 - p: then each of these numbers is the one called `unchanged`. An augmentation of several
 * transforms that each have the probability p by themselves uses `perImage`.
 */
export interface AugmentationDraw {
  /** Numbers of U(low, high). */
  uniform(low: number, high: number, unchanged: number): Tensor;
  /** Whole numbers from `low` to `high`, both included. */
  int(low: number, high: number, unchanged: number): Tensor;
  /**
   * Any numbers of each image, [n, ...shape].
   * @param compute is called for each image, in each step again; it gives as many numbers as the shape holds. `p` is
   * the probability now: what is changed with it, `compute` decides (`rng.float() < p`)
   */
  perImage(shape: readonly number[], compute: (rng: Rng, p: number) => ArrayLike<number>): Tensor;
}

/** How a probability follows from how well the critic knows the real images (ADA, arXiv 2006.06676). */
export interface Adaptation {
  /** The mean sign of the scores of real images, seen from their side, that p is to bring about; the paper has 0.6. */
  target: number;
  /** Thousand real images in which p can move by 1; the paper has 500, and 100 for fine-tuning. */
  kimg: number;
  /** Critic steps between two moves; the paper has 4. */
  interval: number;
}

/**
 * A change of the images that the critic sees, on the device and differentiable, of real and generated ones alike: both
 * come from the
 * same distribution of changes, so that the generator does not learn them (arXiv 2006.10738, 2006.06676). Penalties see
 * the critic behind
 * it, so its operations need second derivatives. Validation, sample grids and metrics are without it.
 */
export interface CriticAugmentation {
  /** Names its hyperparameter `augment.NAME.p`; a part has the name of the part. */
  readonly name?: string;
  /** Probability that an image is changed; 1. It may move from step to step. */
  readonly p?: number;
  /** Moves p while it trains: up while the critic overfits, else down. Absent: p stays, unless others move it. */
  readonly adapt?: Adaptation;
  /** Images [n, height, width, channels], normalised as the networks see them, to images of the same shape. */
  apply(images: Tensor, draw: AugmentationDraw): Tensor;
  /** It runs the same operations in every step: then steps may be repeated from recordings. Absent: not known. */
  readonly repeatable?: boolean;
}

/** A probability that moves by itself. */
export interface Adapted {
  name: string;
  p: Hyperparameter;
  adaptation: Adaptation;
}

interface Applied {
  augmentation: CriticAugmentation;
  random: PartRandom;
  name: string;
  p: Hyperparameter;
}

/** Augmentations, one after the other, each with a stream of its own. */
export class CriticAugmentations {
  readonly #applied: readonly Applied[];

  /** @param root of the random numbers; each step's follow from the seed and the step alone */
  constructor(augmentations: readonly CriticAugmentation[], root: Rng) {
    this.#applied = augmentations.map((augmentation, i) => {
      let {p = 1} = augmentation;
      return {
        augmentation,
        random: new PartRandom(root.fork(i)),
        name: `augment.${augmentation.name ?? i + 1}.p`,
        p: {get: () => p, set: (value) => void (p = value), logged: augmentation.adapt !== undefined},
      };
    });
  }

  /** Makes the probabilities known as `augment.NAME.p`. */
  define(hyperparameters: Hyperparameters): void {
    for (const {name, p} of this.#applied) hyperparameters.define(name, p);
  }

  /** The probabilities that move by themselves. */
  get adapted(): Adapted[] {
    return this.#applied.flatMap(({augmentation: {adapt}, name, p}) => (adapt ? [{name, p, adaptation: adapt}] : []));
  }

  /** The first one that is not known to run the same operations in every step. */
  get unrepeatable(): string | undefined {
    const i = this.#applied.findIndex(({augmentation}) => augmentation.repeatable !== true);
    return i < 0 ? undefined : (this.#applied[i]!.augmentation.name ?? String(i + 1));
  }

  /** @param path what tells this step from all others */
  begin(...path: (string | number)[]): void {
    for (const {random} of this.#applied) random.begin(...path);
  }

  /** Each call of a step draws numbers of its own. */
  apply(images: Tensor): Tensor {
    const [n = 0] = images.shape;
    return this.#applied.reduce(
      (x, {augmentation, random, p}) =>
        augmentation.apply(
          x,
          drawFor(n, random, () => p.get()),
        ),
      images,
    );
  }
}

/**
 * The first numbers that are asked for also decide which images are changed; in a repeated step again, since the order
 * stays.
 */
function drawFor(n: number, random: StepRandom, p: () => number): AugmentationDraw {
  let decided = false;
  let changed: boolean[] = [];
  const oneEach = (next: (rng: Rng) => number, unchanged: number): Tensor => {
    const decides = !decided;
    decided = true;
    return random.tensor([n, 1, 1, 1], (rng, [rows = n]) => {
      if (decides) changed = Array.from({length: rows}, () => rng.float() < p());
      return Float32Array.from(changed, (isChanged) => {
        const value = next(rng);
        return isChanged ? value : unchanged;
      });
    });
  };
  return {
    uniform: (low, high, unchanged) => oneEach((rng) => low + (high - low) * rng.float(), unchanged),
    int: (low, high, unchanged) => oneEach((rng) => low + rng.int(high - low + 1), unchanged),
    perImage: (shape, compute) =>
      random.tensor([n, ...shape], (rng, [rows = n]) => {
        const size = shape.reduce((product, side) => product * side, 1);
        const out = new Float32Array(rows * size);
        for (let i = 0; i < rows; i++) out.set(compute(rng, p()), i * size);
        return out;
      }),
  };
}
