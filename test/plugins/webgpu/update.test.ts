import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import {biasActivation} from '../../../dist/backends/fused/bias-activation.js';
import {blend} from '../../../dist/backends/fused/blend.js';
import {
  coefficientNames,
  updateAll,
  type UpdateCoefficients,
  type UpdateItem,
  type Updated,
} from '../../../dist/backends/fused/update.js';
import {dispatchesOf, random, withWebgpu} from './support.js';

const plain: UpdateCoefficients = {
  keep: 1,
  decay: 0,
  momentum: 0.9,
  dampening: 0.1,
  squareMomentum: 0.99,
  squareShare: 0.01,
  correction: 2,
  eps: 1e-5,
  rate: 0.1,
  bound: Infinity,
};

interface Case extends Partial<UpdateCoefficients> {
  what: string;
  shape: number[];
  /** Which averages it has. */
  average?: boolean;
  square?: boolean;
}

/** One of each shader, and sizes that are no whole workgroups. */
const cases: Case[] = [
  {what: 'no averages', shape: [3, 5]},
  {what: 'momentum, weight decay', shape: [1], average: true, keep: 0.99},
  {what: 'squares, decay in the gradient', shape: [300, 7], square: true, decay: 0.05},
  {what: 'both, clipped', shape: [2, 2, 3, 4], average: true, square: true, bound: 0.2},
  {what: 'clipped, all else left out', shape: [256], bound: 0.3},
  {what: 'everything', shape: [513], average: true, square: true, keep: 0.9, decay: 0.01, bound: 0.5},
];

/** The formula of src/backends/fused/update.ts in double precision: the value and the averages that there are. */
function exact(one: Case, v: number, gradient: number, a: number, s: number): number[] {
  const c = {...plain, ...one};
  const g = gradient + c.decay * v;
  const average = c.momentum * a + c.dampening * g;
  const square = c.squareMomentum * s + c.squareShare * g * g;
  const step = (one.average ? average : g) / (one.square ? Math.sqrt(c.correction * square) + c.eps : 1);
  const value = Math.min(Math.max(c.keep * v - c.rate * step, -c.bound), c.bound);
  return [value, ...(one.average ? [average] : []), ...(one.square ? [square] : [])];
}

function itemOf(one: Case, set: number): {item: UpdateItem; tensors: Tensor[]} {
  const [value, gradient, average, any] = [0, 1, 2, 3].map((seed) => random(one.shape, seed)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const square = tf.square(any);
  const averages = {...(one.average && {grad_avg: average}), ...(one.square && {sqr_avg: square})};
  return {
    item: {value, gradient, averages, set, decays: (one.decay ?? 0) !== 0, bounded: one.bound !== undefined},
    tensors: [value, gradient, average, square],
  };
}

const rows = (list: readonly Case[]): Tensor =>
  tf.tensor2d(list.map((one) => coefficientNames.map((name) => ({...plain, ...one})[name])));

describe('webgpu: updates of parameters', function () {
  this.timeout(60_000);
  withWebgpu();

  it('are what the formula says, for each of a list, with a row of coefficients each; one dispatch a parameter', async () => {
    tf.engine().startScope();
    const made = cases.map(itemOf);
    const coefficients = rows(cases);
    const updated: Updated[] = [];
    const dispatches = dispatchesOf(() =>
      updateAll(
        made.map(({item}) => item),
        coefficients,
        (result) => updated.push(result),
      ),
    );
    expect(dispatches).to.equal(cases.length);
    for (const [i, one] of cases.entries()) {
      const [v, g, a, s] = await Promise.all(made[i]!.tensors.map((tensor) => tensor.data()));
      const results = await Promise.all(
        [updated[i]!.value, ...Object.values(updated[i]!.averages)].map((tensor) => tensor.data()),
      );
      v!.forEach((value, k) => {
        exact(one, value, g![k]!, a![k]!, s![k]!).forEach((wanted, result) =>
          expect(results[result]![k], `${one.what}, result ${result}, element ${k}`).to.be.closeTo(
            wanted,
            2e-6 * Math.max(1, Math.abs(wanted)),
          ),
        );
      });
    }
    tf.engine().endScope();
  });

  it('keep NaN where weights are clipped: a training that diverges has to be seen', async () => {
    const clipped = tf.tidy(() => {
      const [value, gradient] = [tf.tensor1d([0.1, NaN, 5]), tf.tensor1d([NaN, 0, 0])];
      let result: Tensor | undefined;
      updateAll(
        [{value, gradient, averages: {}, set: 0, decays: false, bounded: true}],
        rows([{what: '', shape: [3], bound: 0.01}]),
        (one) => (result = one.value),
      );
      return result!;
    });
    const values = await clipped.data();
    expect([Number.isNaN(values[0]), Number.isNaN(values[1])]).to.deep.equal([true, true]);
    expect(values[2]).to.be.closeTo(0.01, 1e-8);
    clipped.dispose();
  });

  it('blend running averages, two in a dispatch', async () => {
    const averages = [3, 300, 5].map((n, i) => ({
      old: random([n], i),
      next: random([n], i + 10),
      keep: 0.75,
      share: 0.5 * i,
    }));
    let results: Tensor[] = [];
    expect(dispatchesOf(() => (results = blend(averages)))).to.equal(2);
    for (const [i, {old, next, share}] of averages.entries()) {
      const [before, batch, got] = [await old.data(), await next.data(), await results[i]!.data()];
      got.forEach((value, k) => expect(value).to.be.closeTo(0.75 * before[k]! + share * batch[k]!, 1e-6));
    }
    tf.dispose([averages.map(({old, next}) => [old, next]), results]);
  });

  it('a bias and its activation are one dispatch, the gradient of the activation another', async () => {
    const [x, bias, dy] = [random([6, 5, 3], 1), random([3], 2), random([6, 5, 3], 3)];
    const f = (given: Tensor, shift: Tensor): Tensor => biasActivation(given, shift, 0.2);
    await tf.add(dy, 0).data();
    expect(dispatchesOf(() => f(x, bias).dispose())).to.equal(1);
    let results: Tensor[] = [];
    const all = dispatchesOf(() => (results = [f(x, bias), ...tf.grads((a, b) => f(a!, b!))([x, bias], dy)]));
    expect(all).to.be.below(7);
    const z = Array.from(await x.data(), (value, i) => ({value, shift: i % 3}));
    const [y, dx, dBias] = [await results[0]!.data(), await results[1]!.data(), await results[2]!.data()];
    const [shifts, slopes] = [await bias.data(), await dy.data()];
    const sums = [0, 0, 0];
    z.forEach(({value, shift}, i) => {
      const sum = value + shifts[shift]!;
      const slope = slopes[i]! * (sum > 0 ? 1 : 0.2);
      sums[shift]! += slope;
      expect(y[i]).to.be.closeTo(sum > 0 ? sum : 0.2 * sum, 1e-6);
      expect(dx[i]).to.be.closeTo(slope, 1e-6);
    });
    sums.forEach((sum, c) => expect(dBias[c]).to.be.closeTo(sum, 1e-5));
    tf.dispose([x, bias, dy, results]);
  });
});
