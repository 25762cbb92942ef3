import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {expectSame, forAll, on, random, withDevice} from './support.js';

const tilings = fc.array(fc.tuple(fc.integer({min: 1, max: 5}), fc.integer({min: 0, max: 4})), {minLength: 1, maxLength: 4});
const equations = [
  'ij,jk->ik', 'ij,kj->ik', 'bij,bjk->bik', 'ij->ji', 'ij->i', 'ij->', 'i,j->ij', 'ij,ij->', 'bhqd,bhkd->bhqk', 'ij,ji->i', 'i->i',
];

describe('wasm: Tile, UnsortedSegmentSum, Einsum', function () {
  this.timeout(30_000);
  withDevice();

  it('tile agrees with the cpu backend', () => forAll(tilings, async (axes) => {
    const shape = axes.map(([size]) => size);
    const reps = axes.map(([, times]) => times);
    await expectSame(() => [tf.tile(random(shape, 1), reps), tf.tile(tf.cast(tf.mul(random(shape, 2), 9), 'int32'), reps)]);
  }));

  it('unsortedSegmentSum adds up rows with the same id and leaves out ids that are not segments', () =>
    expectSame(() => tf.unsortedSegmentSum(random([5, 2, 3], 1), tf.tensor1d([2, 0, 2, -1, 7], 'int32'), 4)));

  it('gather has the gradient of the cpu backend', () => expectSame(() => {
    const indices = tf.tensor1d([3, 1, 3, 0], 'int32');
    return tf.grad((x) => tf.mul(tf.gather(x, indices), random([4, 3], 2)))(random([5, 3], 1));
  }));

  for (const equation of equations) {
    it(`einsum ${equation} agrees with the cpu backend and leaves no tensor behind`, async () => {
      const sizes: Record<string, number> = {i: 3, j: 4, k: 5, b: 2, h: 3, q: 4, d: 5};
      if (equation === 'ij,ji->i') sizes['j'] = 3;
      const operands = () => (equation.split('->')[0] ?? '').split(',').map((letters, i) =>
        random(Array.from(letters, (letter) => sizes[letter] ?? 1), i + 1));
      await expectSame(() => tf.einsum(equation, ...operands()));
      await on('wasm', () => {
        const xs: Tensor[] = operands();
        const before = tf.memory().numTensors;
        tf.einsum(equation, ...xs).dispose();
        expect(tf.memory().numTensors).to.equal(before);
        return xs;
      });
    });
  }
});
