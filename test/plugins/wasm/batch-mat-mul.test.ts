import {expect} from 'chai';
import fc from 'fast-check';
import {tf} from '../../../dist/backends/tf.js';
import {expectClose, expectSame, forAll, on, random, withDevice} from './support.js';

const size = fc.oneof(fc.integer({min: 1, max: 20}), fc.constantFrom(129, 257));
const products = fc.record({
  m: size,
  k: size,
  n: size,
  batchA: fc.constantFrom<number[]>([], [1], [3], [2, 3]),
  batchB: fc.constantFrom<number[]>([], [1], [3], [2, 3]),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  seed: fc.nat(1000),
});

describe('wasm: BatchMatMul', function () {
  this.timeout(300_000);
  withDevice();

  it('agrees with the cpu backend, operands transposed or not', () =>
    forAll(products, async (p) => {
      await expectSame(() =>
        tf.matMul(
          random([...p.batchA, ...(p.transposeA ? [p.k, p.m] : [p.m, p.k])], p.seed),
          random([...p.batchB, ...(p.transposeB ? [p.n, p.k] : [p.k, p.n])], p.seed + 1),
          p.transposeA,
          p.transposeB,
        ),
      );
    }));

  it('broadcasts batch axes of both operands', async () => {
    // The cpu backend is no oracle here: it returns half of the result. So its operands are repeated by hand.
    const a = () => random([2, 1, 4, 5], 1);
    const b = () => random([1, 3, 5, 6], 2);
    const [wanted] = await on('cpu', () => tf.matMul(tf.tile(a(), [1, 3, 1, 1]), tf.tile(b(), [2, 1, 1, 1])));
    const [got] = await on('wasm', () => tf.matMul(a(), b()));
    expect(got?.shape).to.deep.equal([2, 3, 4, 6]);
    expectClose(got?.values ?? [], wanted?.values ?? []);
  });

  it('sums over nothing to zero', () => {
    const zeros = tf.tidy(() => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync());
    expect(Array.from(zeros)).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });
});
