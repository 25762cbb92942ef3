import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {expectClose, expectSame, forAll, on, random, withDevice} from './support.js';

/** Lengths around the 4 and 16 numbers that are computed together. */
const shapes = fc.oneof(
  fc.constantFrom<number[][]>([], [1], [3], [4], [15], [16], [17], [33], [3, 1, 7]),
  fc.array(fc.integer({min: 1, max: 9}), {maxLength: 4}),
);
/** The shape of the other operand: the same, or one that is broadcast. */
const pairs = fc.tuple(shapes, fc.constantFrom('same', 'number', 'one', 'last')).map(([shape, kind]) => ({
  shape,
  other: {same: shape, number: [], one: shape.length > 0 ? [1] : [], last: shape.slice(-1)}[kind] ?? [],
}));
type Binary = (a: Tensor, b: Tensor) => Tensor;
const binary: Record<string, Binary> = {
  maximum: tf.maximum,
  minimum: tf.minimum,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
};
/** Ties, so that > and >= differ. */
const rounded = (shape: number[], seed: number) => tf.div(tf.round(tf.mul(random(shape, seed), 4)), 4);

const arithmetic: Record<string, Binary> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: (a, b) => tf.div(a, tf.add(tf.abs(b), 0.5)),
};
/** [batch, ..., channels] beside tensors of which some axes are 1, or missing; the last of each are for all threads. */
const broadcasts: [number[], number[]][] = [
  [
    [3, 4, 5],
    [3, 4, 5],
  ],
  [[3, 4, 5], []],
  [[3, 4, 5], [5]],
  [
    [3, 4, 5],
    [4, 5],
  ],
  [
    [3, 4, 5],
    [1, 4, 5],
  ],
  [
    [3, 4, 5],
    [3, 4, 1],
  ],
  [
    [3, 4, 5],
    [3, 1, 1],
  ],
  [
    [3, 4, 5],
    [3, 1, 5],
  ],
  [
    [3, 2, 2, 8],
    [3, 1, 1, 8],
  ],
  [
    [3, 4, 5],
    [1, 4, 1],
  ],
  [
    [1, 5],
    [3, 5],
  ],
  [
    [4, 1],
    [1, 5],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[1], [1]],
  [[0, 3], [3]],
  [
    [0, 3],
    [0, 1],
  ],
  [[4, 33, 33, 5], [5]],
  [
    [4, 33, 33, 5],
    [4, 33, 33, 1],
  ],
  [
    [4, 33, 33, 5],
    [4, 1, 1, 5],
  ],
  [
    [4, 33, 33, 5],
    [4, 33, 33, 5],
  ],
];

describe('wasm: functions of single numbers', function () {
  this.timeout(300_000);
  withDevice();

  for (const [name, compute] of Object.entries(binary)) {
    it(`${name} agrees with the cpu backend, operands in either order`, () =>
      forAll(fc.record({pair: pairs, seed: fc.nat(1000)}), ({pair: {shape, other}, seed}) =>
        expectSame(() => [
          compute(rounded(shape, seed), rounded(other, seed + 1)),
          compute(rounded(other, seed), rounded(shape, seed + 1)),
        ]),
      ));
  }

  for (const [name, compute] of Object.entries(arithmetic)) {
    it(`${name} broadcasts as the cpu backend does, operands in either order`, async () => {
      for (const [a, b] of broadcasts)
        await expectSame(() => [compute(random(a, 1), random(b, 2)), compute(random(b, 2), random(a, 1))]);
    });
  }

  it('leaky ReLU has the derivatives of the cpu backend, of the first and the second order', () =>
    forAll(fc.record({shape: shapes, seed: fc.nat(1000)}), ({shape, seed}) =>
      expectSame(() => {
        const first = tf.grad((x: Tensor) => tf.sum(tf.pow(tf.leakyRelu(x, 0.2), 3)));
        const x = random(shape, seed);
        return [first(x), tf.grad((y: Tensor) => tf.sum(tf.mul(first(y), random(shape, seed + 1))))(x)];
      }),
    ));

  it('a cast to the type that a tensor has is the same tensor', async () => {
    const [same, back] = await on('wasm', () => {
      const x = tf.tensor1d([1.5, -2]);
      const cast = tf.cast(x, 'float32');
      x.dispose();
      return [cast, tf.cast(tf.cast(cast, 'int32'), 'float32')];
    });
    expect([same?.values, back?.values]).to.deep.equal([
      [1.5, -2],
      [1, -2],
    ]);
  });

  it('where, leakyRelu, sqrt, rsqrt and tanh agree with the cpu backend', () =>
    forAll(fc.record({shape: shapes, seed: fc.nat(1000)}), ({shape, seed}) =>
      expectSame(() => [
        tf.where(tf.greater(random(shape, seed), 0), random(shape, seed + 1), random(shape, seed + 2)),
        tf.leakyRelu(random(shape, seed), 0.2),
        tf.sqrt(tf.abs(random(shape, seed))),
        tf.rsqrt(tf.add(tf.abs(random(shape, seed)), 0.1)),
        tf.tanh(tf.mul(random(shape, seed), 3)),
      ]),
    ));

  it('passes NaN on, and keeps infinities', async () => {
    const special = [NaN, Infinity, -Infinity, 0, -1];
    const [leaky, tanh, largest, root] = await on('wasm', () => {
      const x = tf.tensor1d(special);
      return [tf.leakyRelu(x, 0.5), tf.tanh(x), tf.maximum(x, 0), tf.sqrt(x)];
    });
    expect(leaky?.values).to.deep.equal([NaN, Infinity, -Infinity, 0, -0.5]);
    expect(tanh?.values.slice(0, 4)).to.deep.equal([NaN, 1, -1, 0]);
    expect(largest?.values).to.deep.equal([NaN, Infinity, 0, 0, 0]);
    expect(root?.values).to.deep.equal([NaN, Infinity, NaN, 0, NaN]);
  });

  it('tanh is right to 1e-6 of its value, from tiny to large', async () => {
    const xs = Float32Array.from({length: 4003}, (_, i) => (i % 2 ? -1 : 1) * 10 ** (-6 + i / 500));
    const [got] = await on('wasm', () => tf.tanh(tf.tensor1d(xs)));
    for (const [i, x] of xs.entries()) {
      expect(got?.values[i], `tanh(${x})`).to.be.closeTo(Math.tanh(x), 1e-6 * Math.abs(Math.tanh(x)));
    }
  });

  it('a clone shares its data and outlives the original', () => {
    const original = tf.tensor1d([1, 2, 3]);
    const clone = tf.clone(original);
    original.dispose();
    expectClose(Array.from(clone.dataSync()), [1, 2, 3]);
    clone.dispose();
  });
});
