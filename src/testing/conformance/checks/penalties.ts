/** Penalties on gradients as GANs use them, whole, against differences of differences in float64. */
import {conv, convTranspose} from '../../../backends/fused/conv.js';
import {tf, type Scalar, type Tensor} from '../../../backends/tf.js';
import {Rng} from '../../../gan/rng.js';
import {compareArrays} from '../../golden/compare.js';
import type {Check} from '../check.js';
import {gradients} from '../differences.js';
import {convPlan, convTransposePlan, multiply} from '../plain-conv.js';
import {map, plain, sizeOf, sumOver, total, zip, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

const square = {stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1};
const padded = {...square, padding: [1, 1]};
const latents = [2, 1, 1, 3];
const images = [2, 4, 4, 1];
/** Generator: a transposed convolution to 4x4; critic: a 3x3 convolution to two channels, and one to a score. */
const filters = {generator: [4, 4, 1, 3], hidden: [3, 3, 1, 2], score: [4, 4, 2, 1]};
const plans = {
  generator: convTransposePlan(latents, filters.generator, {...square, outputPadding: [0, 0]}),
  hidden: convPlan(images, filters.hidden, padded),
  score: convPlan([2, 4, 4, 2], filters.score, square),
};

/** One penalty, computed on tensors and in float64. The weights come from `filters`. */
interface Penalty {
  title: string;
  seed: number;
  /** Width of the critic's hidden layer. */
  activation: {tensor(x: Tensor): Tensor; plain(value: number): number};
  loss(model: Model<Tensor>): Scalar;
  plainLoss(model: Model<Plain>): number;
}

interface Model<T> {
  critic(x: T): T;
  fake: T;
  real: T;
  mix: T;
  /** The gradient of the summed scores by the images. */
  slope(x: T): T;
  /** Scores and slope of one pass of the critic. */
  pass(x: T): {scores: T; slope: T};
}

const lambda = 10;

type Formula = Omit<Penalty, 'title' | 'seed' | 'activation'>;

/** @param oneSided only norms above `target` count */
const wganGp = (target = 1, oneSided = false): Formula => ({
  loss({critic, fake, real, mix, slope}) {
    const between = tf.add(tf.mul(mix, real), tf.mul(tf.sub(1, mix), fake));
    const norms = tf.sqrt(tf.sum(tf.square(slope(between)), [1, 2, 3]));
    const distances = tf.sub(norms, target);
    const penalty = tf.mul(tf.mean(tf.square(oneSided ? tf.relu(distances) : distances)), lambda);
    return tf.add(tf.sub(tf.mean(critic(fake)), tf.mean(critic(real))), penalty);
  },
  plainLoss({critic, fake, real, mix, slope}) {
    const between = zip((m, r, f) => m * r + (1 - m) * f, mix, real, fake);
    const norms = map(
      sumOver(
        map(slope(between), (value) => value * value),
        [1, 2, 3],
      ),
      Math.sqrt,
    );
    const square = (norm: number): number => (oneSided && norm < target ? 0 : (norm - target) ** 2);
    return (total(critic(fake)) - total(critic(real)) + lambda * total(map(norms, square))) / images[0]!;
  },
});

const softplus = (x: number): number => Math.log1p(Math.exp(x));

const r1: Formula = {
  loss({critic, fake, real, slope}) {
    const penalty = tf.mul(tf.sum(tf.square(slope(real))), lambda / 2 / images[0]!);
    return tf.add(tf.add(tf.mean(tf.softplus(critic(fake))), tf.mean(tf.softplus(tf.neg(critic(real))))), penalty);
  },
  plainLoss({critic, fake, real, slope}) {
    const scores = total(map(critic(fake), softplus)) + total(map(critic(real), (x) => softplus(-x)));
    return (scores + (lambda / 2) * total(map(slope(real), (value) => value * value))) / images[0]!;
  },
};

/** R1 and R2 beside the relativistic pairing loss, from the passes of the critic that gave its scores. */
const r1r2: Formula = {
  loss({fake, real, pass}) {
    const [ofReal, ofFake] = [pass(real), pass(fake)];
    const squares = tf.add(tf.sum(tf.square(ofReal.slope)), tf.sum(tf.square(ofFake.slope)));
    const pairs = tf.mean(tf.softplus(tf.sub(ofFake.scores, ofReal.scores)));
    return tf.add(pairs, tf.mul(squares, lambda / 2 / images[0]!));
  },
  plainLoss({critic, fake, real, slope}) {
    const pairs = total(zip((f, r) => softplus(f - r), critic(fake), critic(real)));
    const squares = [real, fake].map((x) => total(map(slope(x), (value) => value * value)));
    return (pairs + (lambda / 2) * (squares[0]! + squares[1]!)) / images[0]!;
  },
};

/** LeCam with averages between the scores, so that some of the positive parts are above 0 and some are not. */
const lecam: Formula = {
  loss({critic, fake, real}) {
    const [high, low] = [tf.relu(tf.sub(critic(real), averages.fake)), tf.relu(tf.sub(averages.real, critic(fake)))];
    return tf.mul(tf.add(tf.mean(tf.square(high)), tf.mean(tf.square(low))), lambda);
  },
  plainLoss({critic, fake, real}) {
    const square = (x: number): number => Math.max(0, x) ** 2;
    const high = total(map(critic(real), (x) => square(x - averages.fake)));
    return (lambda * (high + total(map(critic(fake), (x) => square(averages.real - x))))) / images[0]!;
  },
};

const averages = {real: 0.2, fake: -0.1};

const leaky = {tensor: (x: Tensor) => tf.leakyRelu(x, 0.2), plain: (x: number) => (x > 0 ? x : 0.2 * x)};
const tanh = {tensor: (x: Tensor) => tf.tanh(x), plain: Math.tanh};
const sigmoid = {tensor: (x: Tensor) => tf.sigmoid(x), plain: (x: number) => 1 / (1 + Math.exp(-x))};

const cases: Penalty[] = [
  {...wganGp(), title: 'WGAN-GP: interpolated images, leaky ReLU critic, tanh generator', seed: 1, activation: leaky},
  {...wganGp(), title: 'WGAN-GP: interpolated images, tanh critic, tanh generator', seed: 2, activation: tanh},
  {...r1, title: 'R1: real images, leaky ReLU critic', seed: 3, activation: leaky},
  {...r1, title: 'R1: real images, sigmoid critic', seed: 4, activation: sigmoid},
  {...wganGp(1.5, true), title: 'WGAN-GP, one-sided: norms above 1.5, leaky ReLU critic', seed: 5, activation: leaky},
  {...r1r2, title: 'R1 and R2: one pass each for scores and slopes, leaky ReLU critic', seed: 11, activation: leaky},
  {...r1r2, title: 'R1 and R2: one pass each for scores and slopes, tanh critic', seed: 7, activation: tanh},
  {...lecam, title: 'LeCam: scores beside averages, leaky ReLU critic', seed: 8, activation: leaky},
];

export const penalties: Check[] = cases.map((penalty) => ({
  group: 'penalties',
  title: penalty.title,
  async run(session) {
    await session.device();
    const {weights, constants} = numbers(penalty.seed);
    const wanted = gradients((...ws) => plainValue(penalty, ws, constants), weights);
    const got = tf.tidy(() => {
      const fixed = constants.map(tensorOf);
      return tf.grads((...ws: Tensor[]) => tensorValue(penalty, ws, fixed))(weights.map(tensorOf));
    });
    const data = await Promise.all(got.map((gradient) => gradient.data()));
    tf.dispose(got);
    return Object.keys(filters).map((name, i) =>
      compareArrays(
        `gradient of the ${name} filter`,
        data[i] as Float32Array,
        wanted[i]!.data,
        tolerances.curve.secondOrder,
        0.01,
      ),
    );
  },
}));

function numbers(seed: number): {weights: Plain[]; constants: Plain[]} {
  const rng = new Rng(seed).fork('penalty');
  const draw = (name: string, shape: number[], low: number, high: number): Plain =>
    plain(shape, rng.fork(name).uniform(sizeOf(shape), low, high));
  return {
    weights: Object.entries(filters).map(([name, shape]) => draw(name, shape, -0.7, 0.7)),
    constants: [draw('latents', latents, -1, 1), draw('real', images, -1, 1), draw('mix', [2, 1, 1, 1], 0.2, 0.8)],
  };
}

const tensorOf = ({shape, data}: Plain): Tensor => tf.tensor(Float32Array.from(data), [...shape]);

function tensorValue(
  {activation, loss}: Penalty,
  [generator, hidden, score]: Tensor[],
  [z, real, mix]: Tensor[],
): Scalar {
  const critic = (x: Tensor): Tensor => conv(activation.tensor(conv(x, hidden!, padded)), score!, square);
  const fake = tf.tanh(convTranspose(z!, generator!, {...square, outputPadding: [0, 0]}));
  const pass = (x: Tensor): {scores: Tensor; slope: Tensor} => {
    const scores = critic(x);
    return {scores, slope: tf.grad(() => tf.sum(scores))(x)};
  };
  return loss({critic, fake, real: real!, mix: mix!, slope: tf.grad((x) => tf.sum(critic(x))), pass});
}

function plainValue(
  {activation, plainLoss}: Penalty,
  [generator, hidden, score]: Plain[],
  [z, real, mix]: Plain[],
): number {
  const critic = (x: Plain): Plain =>
    multiply(plans.score, map(multiply(plans.hidden, x, hidden!), activation.plain), score!);
  const fake = map(multiply(plans.generator, z!, generator!), Math.tanh);
  const slope = (x: Plain): Plain => gradients((value) => total(critic(value)), [x])[0]!;
  const pass = (x: Plain): {scores: Plain; slope: Plain} => ({scores: critic(x), slope: slope(x)});
  return plainLoss({critic, fake, real: real!, mix: mix!, slope, pass});
}
