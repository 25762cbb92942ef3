/** Penalties against closed forms: of a linear critic, and of a quadratic one, whose slope depends on the image. */
import {expect} from 'chai';
import {tf, type Scalar, type Tensor} from '../../../dist/backends/tf.js';
import type {Device} from '../../../dist/backends/device.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import type {Penalty} from '../../../dist/plugin/index.js';
import {openCpu} from '../../runs/helpers.js';

const registry = openRegistry();
const make = (name: string, options: Record<string, number>): Promise<Penalty> =>
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

  /** The value of a penalty, and its derivative by the critic's only number. Real and generated images are the same. */
  async function measure(
    penalty: Penalty,
    critic: (x: Tensor, a: Tensor) => Tensor,
    a: number,
    step = 0,
  ): Promise<[number, number] | undefined> {
    const x = tf.tensor(images, [3, 2, 2, 1]);
    const variable = tf.scalar(a).variable();
    let skipped = false;
    const {value, grads} = tf.variableGrads(() => {
      const result = penalty({critic: (at) => critic(at, variable), real: x, fake: x, rng: new Rng(1), step});
      skipped = result === undefined;
      return (result ?? tf.mul(variable, 0)) as Scalar;
    }, [variable]);
    return skipped ? undefined : [(await value.data())[0]!, (await Object.values(grads)[0]!.data())[0]!];
  }

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
    penalty({critic, real: tf.ones([50, 1, 1, 1]), fake: tf.zeros([50, 1, 1, 1]), rng: new Rng(3), step: 0});
    expect(seen).to.have.length(50);
    expect(Math.min(...seen)).to.be.within(0, 0.2);
    expect(Math.max(...seen)).to.be.within(0.8, 1);
  });

  it('wgan-gp: a slope of 0 has a finite derivative', async () =>
    closeTo(await measure(await make('wgan-gp', {lambda: 10}), linear, 0), [10, 0]));

  it('r1: gamma / 2 |slope|^2 at real images, and its derivative', async () => {
    const penalty = await make('r1', {gamma: 4});
    closeTo(await measure(penalty, linear, 0.8), [2 * 4 * 0.64, 2 * 4 * 2 * 0.8]);
    const squares = mean(norms.map((norm) => norm ** 2));
    closeTo(await measure(penalty, quadratic, 0.7), [2 * 0.49 * squares, 4 * 0.7 * squares]);
  });

  it('r1: in each nth step, n times as heavy', async () => {
    const penalty = await make('r1', {gamma: 4, every: 3});
    closeTo(await measure(penalty, linear, 0.8, 3), [3 * 2 * 4 * 0.64, 3 * 2 * 4 * 2 * 0.8]);
    expect(await measure(penalty, linear, 0.8, 4)).to.equal(undefined);
  });
});
