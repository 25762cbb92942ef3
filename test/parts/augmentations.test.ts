import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  CriticAugmentations,
  fromBatches,
  GANLearner,
  Hyperparameters,
  nn,
  Rng,
  setSeed,
  tf,
  wganLosses,
  type AugmentationDraw,
  type Callback,
  type CriticAugmentation,
  type GANLearnerOptions,
  type Tensor,
} from 'gankit';
import {opt} from '../../dist/options/options.js';
import color from '../../dist/parts/augmentations/color.js';
import cutout from '../../dist/parts/augmentations/cutout.js';
import translation from '../../dist/parts/augmentations/translation.js';
import {gradients, gradientsOfPenalty} from '../../dist/testing/conformance/differences.js';
import {plain, type Plain} from '../../dist/testing/conformance/plain.js';
import {expectClose, withDevice} from '../device.js';
import {allState, latent, noiseBatches, side, valuesOf} from '../gan/helpers.js';

const [n, height, width, channels] = [3, 6, 4, 3];
const shape = [n, height, width, channels];
const at = (image: number, y: number, x: number, c: number): number =>
  ((image * height + y) * width + x) * channels + c;

type Part = typeof color | typeof cutout | typeof translation;

/** The part with its default options. */
function make(part: Part, p = 1): CriticAugmentation {
  const gan = {augmentation: (definition: unknown) => definition, nn, opt, tf} as never;
  const {name, options, create} = part(gan) as unknown as {
    name: string;
    options: Record<string, {default: number}>;
    create(options: Record<string, number>): CriticAugmentation;
  };
  const values = Object.fromEntries(Object.entries(options).map(([key, spec]) => [key, spec.default]));
  return {...create({...values, p}), name};
}

/** Hands out these numbers, one row for each call. */
function fixed(rows: readonly number[][]): AugmentationDraw {
  let call = 0;
  const next = (): Tensor => tf.tensor(rows[call++]!, [n, 1, 1, 1]);
  return {uniform: next, int: next, perImage: next};
}

/** The parts in plain loops, for given random numbers. */
const cases: Record<string, {part: Part; rows: number[][]; exact(x: ArrayLike<number>): Float64Array}> = {
  color: {
    part: color,
    rows: [
      [0.3, -0.2, 0],
      [1.7, 0.2, 1],
      [0.6, 1.4, 1],
    ],
    exact(x) {
      const [bright, saturation, contrast] = this.rows as [number[], number[], number[]];
      const out = Float64Array.from(x);
      for (let i = 0; i < n; i++) {
        let total = 0;
        for (let y = 0; y < height; y++)
          for (let k = 0; k < width; k++) {
            let grey = 0;
            for (let c = 0; c < channels; c++) grey += (x[at(i, y, k, c)]! + bright[i]!) / channels;
            for (let c = 0; c < channels; c++) {
              out[at(i, y, k, c)] = grey + saturation[i]! * (x[at(i, y, k, c)]! + bright[i]! - grey);
              total += out[at(i, y, k, c)]!;
            }
          }
        const mean = total / (height * width * channels);
        for (let k = at(i, 0, 0, 0); k < at(i + 1, 0, 0, 0); k++) out[k] = mean + contrast[i]! * (out[k]! - mean);
      }
      return out;
    },
  },
  translation: {
    part: translation,
    rows: [
      [2, -1, 0],
      [-1, 3, 0],
    ],
    exact(x) {
      const [down, right] = this.rows as [number[], number[]];
      const out = new Float64Array(x.length);
      for (let i = 0; i < n; i++)
        for (let y = 0; y < height; y++)
          for (let k = 0; k < width; k++)
            for (let c = 0; c < channels; c++) {
              const [fromY, fromX] = [y - down[i]!, k - right[i]!];
              if (fromY >= 0 && fromY < height && fromX >= 0 && fromX < width)
                out[at(i, y, k, c)] = x[at(i, fromY, fromX, c)]!;
            }
      return out;
    },
  },
  cutout: {
    part: cutout,
    rows: [
      [1, -1, 2 * height],
      [2, 3, 2 * width],
    ],
    exact(x) {
      const [top, left] = this.rows as [number[], number[]];
      const out = Float64Array.from(x);
      for (let i = 0; i < n; i++)
        for (let y = top[i]!; y < top[i]! + height / 2; y++)
          for (let k = left[i]!; k < left[i]! + width / 2; k++)
            if (y >= 0 && y < height && k >= 0 && k < width) for (let c = 0; c < channels; c++) out[at(i, y, k, c)] = 0;
      return out;
    },
  },
};

describe('augmentations of what the critic sees', function () {
  this.timeout(60_000);
  withDevice();

  const images = new Rng(5).uniform(n * height * width * channels, -1, 1);
  const weights = new Rng(6).uniform(images.length, 0.5, 1.5);

  for (const [name, each] of Object.entries(cases)) {
    const augmentation = make(each.part);
    const apply = (x: Tensor): Tensor => augmentation.apply(x, fixed(each.rows));
    /** A scalar that is not linear in the images, so that it has a second derivative. */
    const score = (x: Tensor): Tensor => {
      const seen = apply(x);
      return tf.sum(tf.mul(tf.mul(seen, tf.square(seen)), tf.tensor(weights, shape)));
    };
    const exact = ({data}: Plain): number =>
      each.exact(data).reduce((sum, value, i) => sum + value ** 3 * weights[i]!, 0);
    const input = (): Plain => plain(shape, Float64Array.from(images));

    it(`${name}: each image by its own numbers`, () => {
      expectClose(apply(tf.tensor(images, shape)), each.exact(images), 'sum');
    });

    it(`${name}: first derivative`, () => {
      const slope = tf.grad(score)(tf.tensor(images, shape));
      expectClose(slope, gradients(exact, [input()])[0]!.data, 'gradient');
    });

    it(`${name}: second derivative, through a penalty on the gradient`, () => {
      const penalty = (x: Tensor): Tensor => tf.mul(tf.sum(tf.square(tf.grad(score)(x))), 0.5);
      const slope = tf.grad(penalty)(tf.tensor(images, shape));
      expectClose(slope, gradientsOfPenalty(exact, [input()], [0])[0]!.data, 'gradient');
    });
  }

  it('draw the numbers of DiffAugment', () => {
    const asked: [number, number, number][] = [];
    const note = (low: number, high: number, unchanged: number): Tensor => {
      asked.push([low, high, unchanged]);
      return tf.zeros([1, 1, 1, 1]);
    };
    for (const part of [color, translation, cutout])
      make(part).apply(tf.zeros([1, 32, 16, 3]), {uniform: note, int: note, perImage: () => tf.zeros([1])});
    expect(asked).to.deep.equal([
      [-0.5, 0.5, 0],
      [0, 2, 1],
      [0.5, 1.5, 1],
      [-4, 4, 0],
      [-2, 2, 0],
      [-8, 24, 64],
      [-4, 12, 32],
    ]);
  });

  /** Adds what it draws. */
  const shift = (p: number): CriticAugmentation => ({
    name: 'shift',
    p,
    repeatable: true,
    apply: (x, draw) => tf.add(x, draw.uniform(1, 2, 0)),
  });
  const drawn = (augmentations: CriticAugmentations, count: number): number[] =>
    valuesOf(augmentations.apply(tf.zeros([count, 1, 1, 1])));

  it('treat the images of each call by numbers of their own, from one distribution, which follow from the step', () => {
    const augmentations = new CriticAugmentations([shift(0.5)], new Rng(1));
    augmentations.begin('critic', 7);
    const [real, fake] = [drawn(augmentations, 4000), drawn(augmentations, 4000)] as const;
    expect(real).to.not.deep.equal(fake);
    for (const values of [real, fake]) {
      const changed = values.filter((value) => value !== 0);
      expect(changed.length / 4000).to.be.closeTo(0.5, 0.04); // 5 standard deviations of the binomial
      expect(Math.min(...changed)).to.be.within(1, 1.01);
      expect(changed.reduce((sum, value) => sum + value, 0) / changed.length).to.be.closeTo(1.5, 0.035);
    }
    const both = real.filter((value, i) => value !== 0 && fake[i] !== 0).length;
    expect(both / 4000).to.be.closeTo(0.25, 0.035); // independent
    const again = new CriticAugmentations([shift(0.5)], new Rng(1));
    again.begin('critic', 7);
    expect(drawn(again, 4000)).to.deep.equal(real);
    again.begin('critic', 8);
    expect(drawn(again, 4000)).to.not.deep.equal(real);
  });

  it('leave all images alone at a probability of 0, which can be moved by its name', () => {
    const hyperparameters = new Hyperparameters(() => new Map());
    const augmentations = new CriticAugmentations([make(color, 0), make(translation, 0), make(cutout, 0)], new Rng(1));
    augmentations.define(hyperparameters);
    expect(hyperparameters.names()).to.deep.equal(['augment.color.p', 'augment.translation.p', 'augment.cutout.p']);
    augmentations.begin('critic', 0);
    const x = tf.tensor(images, shape);
    expectClose(augmentations.apply(x), images, 'exact');
    hyperparameters.set('augment.cutout.p', 1);
    const cut = valuesOf(augmentations.apply(x));
    expect(cut.filter((value) => value === 0).length).to.be.greaterThan(n);
  });

  describe('in a training', () => {
    const {genLossFunc, critLossFunc} = wganLosses;

    async function trained(
      options: GANLearnerOptions,
      cbs: Callback[] = [],
    ): Promise<[state: unknown, repeated: number]> {
      const streams = setSeed(3);
      const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
      const critic = basicCritic(side, 1, {nFeatures: 4, normType: null});
      const dls = fromBatches(noiseBatches(24));
      const learn = new GANLearner(dls, generator, critic, genLossFunc, critLossFunc, {
        optFunc: adam(),
        lr: 1e-3,
        streams,
        ...options,
      });
      await learn.fit(1, undefined, {cbs});
      const result: [unknown, number] = [await allState(learn.model), learn.capture.repeated];
      learn.dispose();
      return result;
    }

    it('a callback moves the probability between steps that are repeated from recordings', async () => {
      const augmentations = (p: number): CriticAugmentation[] => [make(translation, p), shift(p)];
      const controller: Callback = {
        name: 'controller',
        beforeBatch({hyperparameters, step}) {
          for (const name of ['augment.translation.p', 'augment.shift.p'])
            hyperparameters.set(name, step < 12 ? 0 : (step - 12) / 12);
        },
      };
      const [eager] = await trained({augmentations: augmentations(0), capture: 'off'}, [controller]);
      const [captured, repeated] = await trained({augmentations: augmentations(0)}, [controller]);
      expect(captured).to.deep.equal(eager);
      expect(repeated).to.be.greaterThan(12);
      expect((await trained({augmentations: augmentations(0)}))[0]).to.not.deep.equal(eager);
    });

    it('the real and the generated images of a critic step are changed, and the generated ones of a generator step', async () => {
      const seen: number[] = [];
      const counting: CriticAugmentation = {
        apply(x) {
          seen.push(x.shape[0]!);
          return x;
        },
      };
      await trained({augmentations: [counting]});
      // critic first, one step each: 2 calls, then 1
      expect(seen).to.deep.equal(Array.from({length: 12}, () => [2, 2, 2]).flat());
    });

    it('one that is not marked keeps steps from being repeated, by its name', async () => {
      const {repeatable: _, ...unmarked} = shift(1);
      const [, repeated] = await trained({augmentations: [unmarked]});
      expect(repeated).to.equal(0);
    });
  });
});
