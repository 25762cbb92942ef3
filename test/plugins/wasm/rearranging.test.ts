import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {Rng} from '../../../dist/gan/rng.js';
import {expectClose, expectSame, forAll, on, random, withDevice} from './support.js';

const tilings = fc.array(fc.tuple(fc.integer({min: 1, max: 5}), fc.integer({min: 0, max: 4})), {
  minLength: 1,
  maxLength: 4,
});

/** Rows and the segments that they belong to; some ids are no segment. */
const segments = fc.record({
  ids: fc.array(fc.integer({min: -1, max: 6}), {minLength: 1, maxLength: 20}),
  inner: fc.array(fc.integer({min: 1, max: 9}), {maxLength: 2}),
  count: fc.integer({min: 1, max: 6}),
  seed: fc.nat(1000),
});

/** Indices of one operand or two, and of the result: some of theirs, in any order; each at most once in a place. */
const axes = fc.uniqueArray(fc.constantFrom('b', 'h', 'i', 'j', 'k'), {minLength: 1, maxLength: 4});
const equations = fc.tuple(axes, fc.option(axes)).chain(([left, right]) => {
  const all = [...new Set([...left, ...(right ?? [])])];
  return fc
    .shuffledSubarray(all)
    .map((result) => `${left.join('')}${right ? `,${right.join('')}` : ''}->${result.join('')}`);
});
const sizes: Record<string, number> = {b: 2, h: 3, i: 3, j: 4, k: 5};
const shapeOf = (letters: string): number[] => Array.from(letters, (letter) => sizes[letter]!);

/**
 * The sum of products that an equation means, index by index; the cpu backend leaves out sums over axes of the last
 * operand.
 */
function sumOfProducts(equation: string, operands: Float32Array[]): number[] {
  const [left = '', result = ''] = equation.split('->');
  const parts = left.split(',');
  const letters = [...new Set(left.replace(',', ''))];
  const place = (names: string, at: Record<string, number>): number =>
    [...names].reduce((index, letter) => index * sizes[letter]! + at[letter]!, 0);
  const sums = new Array<number>(tf.util.sizeFromShape(shapeOf(result))).fill(0);
  for (let i = 0; i < tf.util.sizeFromShape(shapeOf(letters.join(''))); i++) {
    let rest = i;
    const at: Record<string, number> = {};
    for (const letter of letters) {
      at[letter] = rest % sizes[letter]!;
      rest = Math.floor(rest / sizes[letter]!);
    }
    sums[place(result, at)]! += parts.reduce((product, names, n) => product * operands[n]![place(names, at)]!, 1);
  }
  return sums;
}

describe('wasm: Tile, UnsortedSegmentSum, Einsum', function () {
  this.timeout(300_000);
  withDevice();

  it('tile agrees with the cpu backend', () =>
    forAll(tilings, async (pairs) => {
      const shape = pairs.map(([size]) => size);
      const reps = pairs.map(([, times]) => times);
      await expectSame(() => [
        tf.tile(random(shape, 1), reps),
        tf.tile(tf.cast(tf.mul(random(shape, 2), 9), 'int32'), reps),
      ]);
    }));

  it('unsortedSegmentSum adds up rows with the same id and leaves out ids that are not segments', () =>
    forAll(segments, ({ids, inner, count, seed}) =>
      expectSame(() => tf.unsortedSegmentSum(random([ids.length, ...inner], seed), tf.tensor1d(ids, 'int32'), count)),
    ));

  it('gather has the gradient of the cpu backend', () =>
    forAll(segments, ({ids, inner, seed}) =>
      expectSame(() => {
        const rows = tf.tensor1d(
          ids.map((id) => id + 1),
          'int32',
        );
        const factors = random([ids.length, ...inner], seed + 1);
        return tf.grad((x) => tf.mul(tf.gather(x, rows), factors))(random([8, ...inner], seed));
      }),
    ));

  it('einsum gives the sum of products', () =>
    forAll(equations, async (equation) => {
      const [left = '', result = ''] = equation.split('->');
      const operands = left
        .split(',')
        .map((letters, i) => new Rng(i).uniform(tf.util.sizeFromShape(shapeOf(letters)), -1, 1));
      const [got] = await on('wasm', () =>
        tf.einsum(equation, ...operands.map((values, i) => tf.tensor(values, shapeOf(left.split(',')[i]!)))),
      );
      expect(got!.shape).to.deep.equal(shapeOf(result));
      expectClose(got!.values, sumOfProducts(equation, operands));
    }));

  for (const equation of ['ij,ji->i', 'i->i', 'ij->ji', 'bhij,bhkj->bhik']) {
    it(`einsum ${equation} leaves no tensor behind`, () =>
      on('wasm', () => {
        const xs: Tensor[] = equation
          .split('->')[0]!
          .split(',')
          .map((letters) => tf.ones(Array.from(letters, () => 3)));
        const before = tf.memory().numTensors;
        tf.einsum(equation, ...xs).dispose();
        expect(tf.memory().numTensors).to.equal(before);
        return xs;
      }));
  }
});
