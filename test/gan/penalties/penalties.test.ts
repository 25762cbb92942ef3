/** Penalties against closed forms: of a linear critic, and of a quadratic one, whose slope depends on the image. */
import {expect} from 'chai';
import {tf, type Scalar, type Tensor} from '../../../dist/backends/tf.js';
import type {Device} from '../../../dist/backends/device.js';
import {GANModule} from '../../../dist/gan/gan-module.js';
import {namedTerms, sumOf} from '../../../dist/gan/losses/terms.js';
import {isDue, penaltyNames, penaltyTerms, PenaltyWeight, type Penalty} from '../../../dist/gan/penalties/penalty.js';
import {Rng} from '../../../dist/gan/rng.js';
import {PartRandom} from '../../../dist/gan/step-random.js';
import {SharedStep, type TrainingStep} from '../../../dist/gan/training-step.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {ganError} from '../../gan-error.js';
import {FunctionModule} from '../helpers.js';
import {openCpu} from '../../runs/helpers.js';

const registry = openRegistry();
const make = (name: string, options: Record<string, number | boolean>): Promise<Penalty> =>
  registry.create(
    'penalty',
    name,
    new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'a test'}])),
  );

const images = [
  [1, 2, -1, 0.5],
  [0.5, -0.5, 2, 1],
  [0, 1, 1, -2],
];
const norms = images.map((image) => Math.hypot(...image));
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('penalties', () => {
  let device: Device;
  before(async () => {
    await registry.tensors.load();
    device = await openCpu();
  });
  after(() => device.close());

  const random = new PartRandom(new Rng(1));
  const progress = {step: 0, steps: 1, position: 0, networkStep: 0, images: 0};

  /** The sum of what `compute` gives for a critic's step, and its derivative by the critic's only number. */
  async function measureStep(
    compute: (step: TrainingStep) => Tensor,
    critic: (x: Tensor, a: Tensor) => Tensor,
    a: number,
  ): Promise<[number, number]> {
    const x = tf.tensor(images, [3, 2, 2, 1]);
    const variable = tf.scalar(a).variable();
    const model = new GANModule(undefined, new FunctionModule((at) => critic(at, variable)));
    const facts = {model, turn: 'critic', progress, real: {images: x}, fake: {images: x}} as const;
    const {value, grads} = tf.variableGrads(
      () => sumOf(SharedStep.terms(facts, (step) => namedTerms(compute(step.view(random)), 'all'))) as Scalar,
      [variable],
    );
    return [(await value.data())[0]!, (await Object.values(grads)[0]!.data())[0]!];
  }

  /** The same of a penalty. Real and generated images are the same. */
  const measure = (penalty: Penalty, critic: (x: Tensor, a: Tensor) => Tensor, a: number): Promise<[number, number]> =>
    measureStep((step) => penaltyTerms(penalty, 'it', step)['it']!, critic, a);

  // slope a at each of 4 pixels: norm 2 a
  const linear = (x: Tensor, a: Tensor): Tensor => tf.sum(tf.mul(x, a), [1, 2, 3]);
  // slope a x
  const quadratic = (x: Tensor, a: Tensor): Tensor => tf.mul(tf.sum(tf.square(x), [1, 2, 3]), tf.div(a, 2));
  const closeTo = (got: readonly number[] | undefined, wanted: readonly number[]): void =>
    wanted.forEach((value, i) => expect(got![i], String(i)).to.be.closeTo(value, 1e-4 * (1 + Math.abs(value))));

  it('wgan-gp: lambda (|slope| - 1)^2, and its derivative', async () => {
    const penalty = await make('wgan-gp', {lambda: 10});
    closeTo(await measure(penalty, linear, 0.8), [10 * 0.6 ** 2, 2 * 10 * 0.6 * 2]);
    const a = 0.7;
    closeTo(await measure(penalty, quadratic, a), [
      10 * mean(norms.map((norm) => (a * norm - 1) ** 2)),
      20 * mean(norms.map((norm) => (a * norm - 1) * norm)),
    ]);
  });

  it('wgan-gp: takes its points at random between real and generated images', async () => {
    const penalty = await make('wgan-gp', {lambda: 1});
    const seen: number[] = [];
    const critic = (x: Tensor): Tensor => {
      seen.push(...(x.dataSync() as Float32Array));
      return tf.sum(x, [1, 2, 3]);
    };
    const model = new GANModule(undefined, new FunctionModule(critic));
    const [real, fake] = [{images: tf.ones([50, 1, 1, 1])}, {images: tf.zeros([50, 1, 1, 1])}];
    SharedStep.terms({model, turn: 'critic', progress, real, fake}, (step) =>
      penaltyTerms(penalty, 'it', step.view(new PartRandom(new Rng(3)))),
    );
    expect(seen).to.have.length(50);
    expect(Math.min(...seen)).to.be.within(0, 0.2);
    expect(Math.max(...seen)).to.be.within(0.8, 1);
  });

  it('wgan-gp: a slope of 0 has a finite derivative', async () =>
    closeTo(await measure(await make('wgan-gp', {lambda: 10}), linear, 0), [10, 0]));

  it('wgan-gp, one-sided: counts norms above the target alone', async () => {
    const penalty = await make('wgan-gp', {lambda: 10, oneSided: true});
    closeTo(await measure(penalty, linear, 0.8), [10 * 0.6 ** 2, 2 * 10 * 0.6 * 2]);
    closeTo(await measure(penalty, linear, 0.3), [0, 0]); // a norm of 0.6
    const a = 0.42; // norms above 1 and below
    const above = norms.map((norm) => Math.max(0, a * norm - 1));
    expect(above.filter((each) => each > 0)).to.have.length(2);
    closeTo(await measure(penalty, quadratic, a), [
      10 * mean(above.map((each) => each ** 2)),
      20 * mean(above.map((each, i) => each * norms[i]!)),
    ]);
  });

  describe('lecam', () => {
    // scores a + image and a - image: [n, 1]
    const at = (...values: number[]): Tensor => tf.tensor(values, [values.length, 1]);
    const relu = (x: number): number => Math.max(0, x);
    const steps = [
      {real: [1, 3], fake: [-1, 0.5]},
      {real: [2, -0.5], fake: [0.25, 1]},
      {real: [0.5, 4], fake: [2, -3]},
      {real: [-1, 1.5], fake: [1, 1.25]},
    ];

    /** The penalty and its derivative by a number that is added to all scores, in steps one after the other. */
    async function run(penalty: Penalty, given: typeof steps, parts = 1): Promise<[number, number][]> {
      const shift = tf.scalar(0).variable();
      const model = new GANModule(undefined, new FunctionModule((x) => tf.add(x, shift)));
      const got: [number, number][] = [];
      for (const {real, fake} of given) {
        let [value, slope] = [0, 0];
        for (let index = 0; index < parts; index++) {
          const size = real.length / parts;
          const part = (all: number[]) => ({images: at(...all.slice(index * size, (index + 1) * size))});
          const pass = {index, count: parts, share: 1 / parts};
          const facts = {model, turn: 'critic', progress, pass, real: part(real), fake: part(fake)} as const;
          const {value: loss, grads} = tf.variableGrads(
            () => sumOf(SharedStep.terms(facts, (step) => penaltyTerms(penalty, 'it', step.view(random)))) as Scalar,
            [shift],
          );
          value += loss.dataSync()[0]! / parts;
          slope += Object.values(grads)[0]!.dataSync()[0]! / parts;
        }
        got.push([value, slope]);
      }
      return got;
    }

    /** The paper's regulariser with averages whose bias is taken out, in float64. */
    function plain(weight: number, decay: number, start: number): [number, number][] {
      const sums = {real: 0, fake: 0};
      return steps.map(({real, fake}, step) => {
        const [aReal, aFake] = [sums.real, sums.fake].map((sum) => sum / (1 - decay ** step || 1)) as [number, number];
        sums.real = decay * sums.real + (1 - decay) * mean(real);
        sums.fake = decay * sums.fake + (1 - decay) * mean(fake);
        const now = step > 0 && step >= start ? weight : 0;
        const [high, low] = [real.map((x) => relu(x - aFake)), fake.map((x) => relu(aReal - x))];
        return [now * (mean(high.map((x) => x * x)) + mean(low.map((x) => x * x))), now * 2 * (mean(high) - mean(low))];
      });
    }

    it('is what the paper has, with the averages of the steps before', async () => {
      const got = await run(await make('lecam', {weight: 0.3, decay: 0.8, start: 0}), steps);
      plain(0.3, 0.8, 0).forEach((wanted, i) => closeTo(got[i], wanted));
      expect(got[0]![0]).to.equal(0);
      expect(got[1]![0]).to.be.greaterThan(0.1);
    });

    it('begins after as many steps as wanted, with averages of those', async () => {
      const got = await run(await make('lecam', {weight: 2, decay: 0.5, start: 3}), steps);
      plain(2, 0.5, 3).forEach((wanted, i) => closeTo(got[i], wanted));
      expect(got.map(([value]) => value > 0)).to.deep.equal([false, false, false, true]);
    });

    it('is the same in passes over parts of the images', async () => {
      const [whole, parts] = [await make('lecam', {start: 0}), await make('lecam', {start: 0})];
      const wanted = await run(whole, steps);
      (await run(parts, steps, 2)).forEach((each, i) => closeTo(each, wanted[i]!));
    });

    it('goes on from a saved state to the last bit, and frees what it holds', async () => {
      const options = {weight: 1, decay: 0.7, start: 1};
      const [whole, first, second] = (await Promise.all([1, 2, 3].map(() => make('lecam', options)))) as [
        Penalty,
        Penalty,
        Penalty,
      ];
      const wanted = await run(whole, steps);
      await run(first, steps.slice(0, 2));
      second.load!(JSON.parse(JSON.stringify(await first.save!())));
      expect(await run(second, steps.slice(2))).to.deep.equal(wanted.slice(2));
      expect(await second.save!()).to.deep.equal(await whole.save!());
      const held = tf.memory().numTensors;
      for (const penalty of [whole, first, second]) penalty.dispose!();
      expect(held - tf.memory().numTensors).to.equal(3 * 4);
    });
  });

  it('r1: gamma / 2 |slope|^2 at real images, and its derivative', async () => {
    const penalty = await make('r1', {gamma: 4});
    closeTo(await measure(penalty, linear, 0.8), [2 * 4 * 0.64, 2 * 4 * 2 * 0.8]);
    const squares = mean(norms.map((norm) => norm ** 2));
    closeTo(await measure(penalty, quadratic, 0.7), [2 * 0.49 * squares, 4 * 0.7 * squares]);
  });

  it('r2: the same at generated images', async () => {
    const penalty = await make('r2', {gamma: 4});
    const squares = mean(norms.map((norm) => norm ** 2));
    closeTo(await measure(penalty, quadratic, 0.7), [2 * 0.49 * squares, 4 * 0.7 * squares]);
  });

  for (const name of ['r1', 'r2', 'wgan-gp'])
    it(`${name}: in each nth step, n times as heavy`, async () => {
      const [once, lazy] = [await make(name, {}), await make(name, {every: 3})];
      const [value, slope] = await measure(once, quadratic, 0.8);
      closeTo(await measure(lazy, quadratic, 0.8), [3 * value, 3 * slope]);
      expect([0, 1, 2, 3, 4].map((step) => isDue(lazy, 'critic', step))).to.deep.equal([
        true,
        false,
        false,
        true,
        false,
      ]);
      expect([0, 1, 2].map((step) => isDue(once, 'critic', step))).to.deep.equal([true, true, true]);
      expect(isDue(once, 'generator', 0)).to.equal(false);
    });

  it('are as heavy as their weight says, beside what their options say', async () => {
    const weight = new PenaltyWeight();
    const squares = mean(norms.map((norm) => norm ** 2));
    for (const every of [1, 3]) {
      const penalty = await make('r1', {gamma: 4, every});
      for (const value of [0.25, 1, 0]) {
        weight.set(value);
        const got = await measureStep((step) => penaltyTerms(penalty, 'it', step, weight)['it']!, quadratic, 0.7);
        closeTo(
          got,
          [2 * 0.49 * squares, 4 * 0.7 * squares].map((each) => value * every * each),
        );
      }
    }
  });

  it('with a weight of 1 are what they gave, without an operation more', () => {
    const value = tf.scalar(3);
    const penalty: Penalty = {network: 'critic', compute: () => value};
    expect(penaltyTerms(penalty, 'it', {} as TrainingStep, new PenaltyWeight())['it']).to.equal(value);
  });

  it('are refused by name where they do not say what they are added to, as those of plug-in API 1', async () => {
    const old = (() => tf.scalar(1)) as unknown as Penalty; // a function, which is called `old`
    for (const penalty of [old, {name: 'old', compute: () => tf.scalar(1)}, {name: 'old', network: 'critic'}])
      expect(await ganError(() => penaltyNames([penalty as Penalty]))).to.include({
        code: 'GAN_ARGUMENT',
        message: "The penalty 'old' does not say what it is added to.",
      });
  });

  it('are logged by their names, each of which is there once', () => {
    const named = (name?: string): Penalty => ({...(name && {name}), network: 'critic', compute: () => tf.scalar(1)});
    expect(penaltyNames([named('r1'), named(), named('r1'), named('r2'), named()])).to.deep.equal([
      'r1',
      'penalty',
      'r1 2',
      'r2',
      'penalty 2',
    ]);
    const two: Penalty = {...named(), compute: () => ({a: tf.scalar(1), b: tf.scalar(2)}), every: 4};
    const terms = penaltyTerms(two, 'p', {} as TrainingStep);
    expect(Object.entries(terms).map(([name, term]) => [name, term.dataSync()[0]])).to.deep.equal([
      ['p.a', 4],
      ['p.b', 8],
    ]);
  });

  it('r1 and r2 with a relativistic loss: one pass of the critic each, and the derivative that differences give', async () => {
    const parts = [await make('r1', {gamma: 4}), await make('r2', {gamma: 2})];
    const loss = await registry.create('loss', 'relativistic');
    const [a, h] = [0.7, 1e-5];
    const fakes = images.map((image) => image.map((value) => 1 - value));
    // The critic: sum of tanh(a x) + a x^2 over the pixels; its slope: a (1 - tanh(a x)^2) + 2 a x.
    let passes = 0;
    const critic = (x: Tensor, b: Tensor): Tensor => {
      passes++;
      return tf.sum(tf.add(tf.tanh(tf.mul(x, b)), tf.mul(tf.square(x), b)), [1, 2, 3]);
    };
    const plain = (b: number): number => {
      const score = (image: number[]): number => image.reduce((sum, x) => sum + Math.tanh(b * x) + b * x * x, 0);
      const squares = (image: number[]): number =>
        image.reduce((sum, x) => sum + (b * (1 - Math.tanh(b * x) ** 2) + 2 * b * x) ** 2, 0);
      const pairs = images.map((image, i) => Math.log1p(Math.exp(score(fakes[i]!) - score(image))));
      return mean(pairs) + 2 * mean(images.map(squares)) + mean(fakes.map(squares));
    };
    const variable = tf.scalar(a).variable();
    const model = new GANModule(undefined, new FunctionModule((x) => critic(x, variable)));
    const [real, fake] = [images, fakes].map((all) => ({images: tf.tensor(all, [3, 2, 2, 1])})) as [object, object];
    const before = tf.memory().numTensors;
    const {value, grads} = tf.variableGrads(() => {
      const terms = SharedStep.terms({model, turn: 'critic', progress, real, fake}, (step) => ({
        ...namedTerms(loss.critic(step.view(random)), 'adversarial'),
        ...penaltyTerms(parts[0]!, 'r1', step.view(random)),
        ...penaltyTerms(parts[1]!, 'r2', step.view(random)),
      }));
      expect(Object.keys(terms)).to.deep.equal(['adversarial', 'r1', 'r2']);
      return sumOf(terms) as Scalar;
    }, [variable]);
    expect(passes).to.equal(2);
    expect(tf.memory().numTensors).to.equal(before + 2); // value and gradient
    const slope = (plain(a + h) - plain(a - h)) / (2 * h);
    closeTo([(await value.data())[0]!, (await Object.values(grads)[0]!.data())[0]!], [plain(a), slope]);
  });
});
