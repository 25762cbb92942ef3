import {expect} from 'chai';
import fc from 'fast-check';
import {coefficientNames, updateAll, type UpdateItem, type Updated} from '../../../dist/backends/fused/update.js';
import {Steps} from '../../../dist/backends/capture/steps.js';
import {tf, type Tensor, type Variable} from '../../../dist/backends/tf.js';
import {Parameter} from '../../../dist/gan/module.js';
import type {OptimizerFactory} from '../../../dist/gan/optim/optimizer.js';
import {adam, rmsProp, sgd} from '../../../dist/gan/optim/rules.js';
import {Rng} from '../../../dist/gan/rng.js';
import {expectClose, forAll, random, withDevice} from './support.js';

const rules: Record<string, OptimizerFactory> = {
  sgd: sgd(),
  'sgd with momentum': sgd({mom: 0.9, wd: 0.01}),
  'sgd with decay in the gradient': sgd({mom: 0.9, wd: 0.01, decoupleWd: false}),
  rmsprop: rmsProp(),
  'rmsprop with momentum and decay': rmsProp({mom: 0.5, wd: 0.1}),
  adam: adam(),
  'adam with decay in the gradient': adam({wd: 0.05, decoupleWd: false}),
};

/** Values and averages of two parameters after three steps. */
async function train(factory: OptimizerFactory): Promise<Float32Array[]> {
  const parameters = [[33, 7], [50_001]].map(
    (shape, i) => new Parameter(new Rng(i).uniform(tf.util.sizeFromShape(shape), -1, 1), shape),
  );
  const optimizer = factory([parameters], 0.01);
  for (let step = 0; step < 3; step++) {
    const gradients = new Map(parameters.map((parameter, i) => [parameter, random(parameter.shape, 10 * step + i)]));
    optimizer.step(gradients);
    tf.dispose([...gradients.values()]);
  }
  const state = await optimizer.stateDict(new Map(parameters.map((parameter, i) => [parameter, String(i)])));
  const values = await Promise.all(parameters.map(async ({variable}) => (await variable.data()) as Float32Array));
  optimizer.dispose();
  for (const {variable} of parameters) variable.dispose();
  return [...values, ...[...state.values()].map(({data}) => Float32Array.from(data as Float32Array, Number))];
}

/**
 * A parameter, its gradient and averages, and the coefficients of a rule; the last value of a small average may be its
 * floor.
 */
const updates = fc.record({
  shape: fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 3}),
  momentumAverage: fc.boolean(),
  squareAverage: fc.boolean(),
  keep: fc.constantFrom(1, 0.99),
  decay: fc.constantFrom(0, 0.05),
  momentum: fc.constantFrom(0.5, 0.9),
  dampening: fc.constantFrom(1, 0.1),
  squareMomentum: fc.constantFrom(0.99, 0.9),
  squareShare: fc.constantFrom(0.01, 1),
  correction: fc.constantFrom(1, 0.3),
  eps: fc.constantFrom(1e-5, 1e-3),
  rate: fc.constantFrom(0.01, 1),
  bound: fc.constantFrom(Infinity, 0.5, 0.01),
  seed: fc.nat(1000),
});
type Update = typeof updates extends fc.Arbitrary<infer T> ? T : never;

/** The formula of src/backends/fused/update.ts in double precision. */
function exactUpdate(
  u: Update,
  value: Float32Array,
  gradient: Float32Array,
  a: Float32Array,
  s: Float32Array,
): number[][] {
  const g = Array.from(gradient, (slope, i) => slope + u.decay * value[i]!);
  const average = g.map((slope, i) => u.momentum * a[i]! + u.dampening * slope);
  const square = g.map((slope, i) => u.squareMomentum * s[i]! + u.squareShare * slope ** 2);
  const updated = g.map((slope, i) => {
    const step = u.momentumAverage ? average[i]! : slope;
    const moved =
      u.keep * value[i]! - (u.rate * step) / (u.squareAverage ? Math.sqrt(u.correction * square[i]!) + u.eps : 1);
    return Math.min(Math.max(moved, -u.bound), u.bound);
  });
  return [updated, ...(u.momentumAverage ? [average] : []), ...(u.squareAverage ? [square] : [])];
}

describe('wasm: updates of parameters', function () {
  this.timeout(300_000);
  withDevice();

  it('are what the formula says, for each of a list', () =>
    forAll(fc.array(updates, {minLength: 1, maxLength: 5}), async (list) => {
      const before = tf.memory().numTensors;
      const tensors = list.map(({shape, seed}) =>
        [0, 1, 2, 3].map((i) => (i === 3 ? tf.tidy(() => tf.abs(random(shape, seed + i))) : random(shape, seed + i))),
      );
      const items = list.map((u, i): UpdateItem => {
        const [value, gradient, average, square] = tensors[i] as [Tensor, Tensor, Tensor, Tensor];
        return {
          value,
          gradient,
          averages: {...(u.momentumAverage && {grad_avg: average}), ...(u.squareAverage && {sqr_avg: square})},
          set: list.length - 1 - i,
          decays: u.decay !== 0,
          bounded: u.bound !== Infinity,
        };
      });
      const rows = [...list].reverse().flatMap((u) => coefficientNames.map((name) => u[name]));
      tf.tidy(() => {
        const updated: Updated[] = [];
        updateAll(items, tf.tensor(rows, [list.length, coefficientNames.length]), (one) => updated.push(one));
        list.forEach((u, i) => {
          const [v, g, a, s] = tensors[i]!.map((tensor) => tensor.dataSync() as Float32Array);
          const results = [updated[i]!.value, ...Object.values(updated[i]!.averages)];
          exactUpdate(u, v!, g!, a!, s!).forEach((wanted, k) =>
            expectClose(Array.from(results[k]!.dataSync()), wanted, `result ${k} of ${i}`),
          );
        });
      });
      tf.dispose(tensors);
      expect(tf.memory().numTensors).to.equal(before);
    }));

  describe('that replace the old values', () => {
    const memoryOf = ({dataId}: Tensor): number =>
      (tf.backend() as unknown as {getMemoryOffset(dataId: object): number}).getMemoryOffset(dataId);
    /** value <- value - 0.5 gradient */
    const rows = () =>
      tf.tensor(
        coefficientNames.map((name) => ({keep: 1, dampening: 1, rate: 0.5, bound: Infinity})[name as 'keep'] ?? 0),
        [1, coefficientNames.length],
      );
    const move = (variable: Variable, gradient: Tensor) =>
      tf.tidy(() => {
        const item = {value: variable, gradient, averages: {}, set: 0, decays: false, bounded: false};
        updateAll([item], rows(), ({value}) => variable.assign(value), {consumes: true});
      });
    const values = (tensor: Tensor) => Array.from(tensor.dataSync());

    it('write over them, and leave those alone that something else refers to', () => {
      const before = tf.memory().numTensors;
      const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3, 4, 5])));
      const gradient = tf.tensor1d([2, 2, 2, 2, 4]);
      const memory = memoryOf(variable);
      move(variable, gradient);
      expect(memoryOf(variable)).to.equal(memory);
      expect(values(variable)).to.deep.equal([0, 1, 2, 3, 3]);
      const clone = tf.clone(variable);
      move(variable, gradient);
      expect(memoryOf(variable)).not.to.equal(memory);
      expect(values(variable)).to.deep.equal([-1, 0, 1, 2, 1]);
      expect(values(clone)).to.deep.equal([0, 1, 2, 3, 3]);
      tf.dispose([variable, gradient, clone]);
      expect(tf.memory().numTensors).to.equal(before);
    });

    it('of a step that is repeated leave alone what the step reads later', () => {
      const variable = tf.tidy(() => tf.variable(tf.tensor1d([100, 200])));
      const gradient = tf.tensor1d([2, 4]);
      const steps = new Steps();
      for (let i = 0; i < 6; i++) {
        const [old] = steps.run('step', [gradient], () => {
          const before = tf.clone(variable);
          move(variable, gradient);
          const read = tf.add(before, 0.25);
          before.dispose();
          return [read];
        });
        expect(values(old!)).to.deep.equal([100.25 - i, 200.25 - 2 * i]);
        expect(values(variable)).to.deep.equal([99 - i, 198 - 2 * i]);
        old!.dispose();
      }
      expect(steps.repeated).to.equal(4);
      steps.clear();
      tf.dispose([variable, gradient]);
    });
  });

  for (const [name, factory] of Object.entries(rules)) {
    it(`${name}: the same as the composition to the last bit, and no tensor more`, async () => {
      const kernel = tf.getKernel('OptimizerUpdate', 'wasm');
      const before = tf.memory().numTensors;
      const fused = await train(factory);
      expect(tf.memory().numTensors).to.equal(before);
      tf.unregisterKernel('OptimizerUpdate', 'wasm');
      const composed = await train(factory);
      tf.registerKernel(kernel);
      expect(fused).to.deep.equal(composed);
    });
  }
});
