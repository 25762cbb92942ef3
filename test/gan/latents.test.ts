import {expect} from 'chai';
import {drawLatent, latentPath, slerp} from '../../dist/gan/latents.js';

const unit = (degrees: number): Float32Array =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
const close = (got: Float32Array, wanted: ArrayLike<number>): void => {
  expect(got).to.have.length(wanted.length);
  got.forEach((value, i) => expect(value).to.be.closeTo(wanted[i]!, 1e-6));
};
const mean = (values: Float32Array): number => values.reduce((a, b) => a + b) / values.length;

describe('slerp', () => {
  it('turns at an even pace along a circle', () => {
    for (const t of [0, 0.25, 0.5, 0.9, 1]) close(slerp(unit(10), unit(130), t), unit(10 + 120 * t));
  });

  it('ends exactly where it should, whatever the lengths', () => {
    const [a, b] = [Float32Array.of(3, 0, 0), Float32Array.of(0, 0.5, 0)];
    close(slerp(a, b, 0), a);
    close(slerp(a, b, 1), b);
  });

  it('takes a straight line where there is no one circle: same direction, opposite ones, zero', () => {
    close(slerp(Float32Array.of(1, 1), Float32Array.of(3, 3), 0.5), [2, 2]);
    close(slerp(Float32Array.of(1, 0), Float32Array.of(-1, 0), 0.25), [0.5, 0]);
    close(slerp(Float32Array.of(0, 0), Float32Array.of(2, 0), 0.5), [1, 0]);
  });
});

describe('latentPath', () => {
  const [a, b, c] = [unit(0), unit(60), unit(120)];

  it('passes through every stop, and ends at the last', () => {
    const path = latentPath([a, b, c], 3, false);
    expect(path).to.have.length(7);
    [0, 20, 40, 60, 80, 100, 120].forEach((degrees, i) => close(path[i]!, unit(degrees)));
  });

  it('as a loop comes back to the first without showing it twice', () => {
    const path = latentPath([a, b, c], 3, true);
    expect(path).to.have.length(9);
    [120, 80, 40].forEach((degrees, i) => close(path[6 + i]!, unit(degrees)));
  });
});

describe('drawLatent', () => {
  it('depends on the seed and the index only', () => {
    expect(drawLatent(8, 3, 1))
      .to.deep.equal(drawLatent(8, 3, 1))
      .and.not.deep.equal(drawLatent(8, 3, 2))
      .and.not.deep.equal(drawLatent(8, 4, 1));
  });

  it('a truncation leaves alone what is within it', () => {
    const [free, bounded] = [drawLatent(1000, 1), drawLatent(1000, 1, 0, {truncation: 1.5})];
    const within = [...free.keys()].filter((i) => Math.abs(free[i]!) <= 1.5);
    expect(within.length).to.be.within(820, 910); // 866 are expected
    for (const i of within) expect(bounded[i]).to.equal(free[i]);
  });

  // Variance of a standard normal between -t and t: 1 - 2 t phi(t) / erf(t / sqrt 2), computed with Python's math
  // module.
  for (const [truncation, variance] of [
    [0.1, 0.003329],
    [0.7, 0.152919],
    [1.5, 0.551524],
    [3, 0.973337],
  ] as const) {
    it(`gives the truncated normal distribution within ${truncation}`, () => {
      const values = drawLatent(40_000, 5, 0, {truncation});
      expect(Math.max(...values.map(Math.abs))).to.be.at.most(truncation);
      expect(mean(values)).to.be.closeTo(0, 0.025 * truncation);
      expect(mean(values.map((value) => value ** 2)) / variance).to.be.closeTo(1, 0.03);
    });
  }
});
