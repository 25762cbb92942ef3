import {expect} from 'chai';
import fc from 'fast-check';
import type {Card} from '../../../plugins/cuda/src/gpu.js';
import {blocksFor, teamFor, threads} from '../../../plugins/cuda/src/kernels/geometry.js';
import {runsOf} from '../../../plugins/cuda/src/kernels/reduce.js';
import {broadcastStrides, joinAxes, stridesOf, walkArg, type Walk} from '../../../plugins/cuda/src/kernels/walk.js';

const card: Card = {name: 'a card', architecture: 90, multiprocessors: 132, sharedBytesPerBlock: 48 << 10};
const forAll = <T>(drawn: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(drawn, property), {numRuns: 300, seed: 20240229});

/** The offsets of an array at every place of a walk, in order. */
function offsets({sizes, strides}: Walk, array: number): number[] {
  return sizes.reduce<number[]>(
    (found, size, axis) =>
      found.flatMap((offset) => Array.from({length: size}, (_, i) => offset + i * strides[array]![axis]!)),
    [0],
  );
}

describe('cuda: launches', () => {
  const shapes = fc.record({
    outer: fc.integer({min: 1, max: 300_000}),
    length: fc.integer({min: 1, max: 3_000_000}),
    inner: fc.integer({min: 1, max: 5000}),
  });

  it('of reductions give every number to one thread, within the limits of a card', () =>
    forAll(shapes, (shape) => {
      const {
        columns,
        rows,
        lines,
        pieces,
        grid: [x, y, z],
      } = teamFor(shape, card, true);
      expect(columns * rows * lines).to.be.at.most(threads);
      expect(Number.isInteger(Math.log2(rows))).to.equal(true);
      expect(x).to.equal(Math.ceil(shape.inner / columns) * Math.ceil(shape.outer / lines));
      expect([y, z]).to.deep.equal([pieces, 1]);
      expect(x <= 2 ** 31 - 1 && y <= 65_535).to.equal(true);
      expect(pieces).to.be.at.most(shape.length);
    }));
  it('of reductions fill the card where one number comes of many', () => {
    expect(teamFor({outer: 1, length: 1 << 24, inner: 1}, card, true).pieces).to.be.at.least(2 * card.multiprocessors);
    expect(teamFor({outer: 1, length: 1 << 24, inner: 1}, card, false).pieces).to.equal(1);
  });
  it('through an array have a thread for each four numbers, and not more than keep the card busy', () => {
    expect([
      blocksFor(0, card, 4),
      blocksFor(1, card, 4),
      blocksFor(1024, card, 4),
      blocksFor(1025, card, 4),
    ]).to.deep.equal([0, 1, 1, 2]);
    expect(blocksFor(1e12, card)).to.equal(132 * 16);
  });

  const walks = fc.array(fc.record({size: fc.integer({min: 1, max: 4}), repeated: fc.boolean()}), {maxLength: 6});
  it('walk through the same places with joined axes', () =>
    forAll(walks, (axes) => {
      const shape = axes.map(({size}) => size);
      const own = axes.map(({size, repeated}) => (repeated ? 1 : size));
      const walk = {sizes: shape, strides: [stridesOf(shape), broadcastStrides(own, shape)]};
      const joined = joinAxes(walk);
      for (const array of [0, 1]) expect(offsets(joined, array)).to.deep.equal(offsets(walk, array));
      expect(joined.sizes.length).to.be.at.most(Math.max(shape.length, 1));
    }));
  it('join axes wherever all arrays go on evenly', () => {
    const joined = (a: number[], b: number[], to: number[]): Walk =>
      joinAxes({sizes: to, strides: [a, b].map((shape) => broadcastStrides(shape, to))});
    expect(joined([2, 3, 4], [2, 3, 4], [2, 3, 4])).to.deep.equal({sizes: [24], strides: [[1], [1]]});
    expect(joined([2, 3, 4], [4], [2, 3, 4])).to.deep.equal({
      sizes: [6, 4],
      strides: [
        [4, 1],
        [0, 1],
      ],
    });
    expect(joined([2, 3, 4], [], [2, 3, 4])).to.deep.equal({sizes: [24], strides: [[1], [0]]});
    expect(joined([], [], [])).to.deep.equal({sizes: [1], strides: [[1], [1]]});
  });
  it('refuse more axes than a kernel tells apart', () => {
    const sizes = new Array<number>(9).fill(2);
    const strides = [stridesOf(sizes), stridesOf(sizes).map((stride) => -stride)].map((own) =>
      own.map((stride, axis) => (axis % 2 ? stride : 0)),
    );
    expect(() => joinAxes({sizes, strides})).to.throw('9 axes');
  });
  it('hand a walk over as the struct of the kernels', () => {
    const arg = walkArg({
      sizes: [2, 3],
      strides: [
        [3, 1],
        [0, -1],
      ],
    });
    const fields = arg.type === 'struct' ? Array.from(new BigInt64Array(arg.bytes.buffer), Number) : [];
    expect(fields).to.deep.equal([6, 2, 2, 3, 1, 1, 1, 1, 1, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0]);
  });

  it('reduce over neighbouring axes at once', () => {
    expect(runsOf([2, 3, 4, 5], [0, 1, 2])).to.deep.equal([{first: 0, last: 2}]);
    expect(runsOf([2, 3, 4, 5], [0, 2])).to.deep.equal([
      {first: 2, last: 2},
      {first: 0, last: 0},
    ]);
    expect(runsOf([2, 1, 4, 1], [0, 2])).to.deep.equal([{first: 0, last: 2}]);
    expect(runsOf([1, 3], [0])).to.deep.equal([]);
  });
});
