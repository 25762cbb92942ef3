import {expect} from 'chai';
import {Rng, setSeed, streams} from 'gankit';
import {loadStreams, makeStreams, saveStreams} from '../../dist/gan/streams.js';

/**
 * Statistics of n draws are allowed five standard deviations of their own: a wrong generator is far outside, and the
 * seed is fixed, so that a right one never fails.
 */
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const moment = (values: ArrayLike<number>, k: number, about = 0): number =>
  mean(Array.from(values, (value) => (value - about) ** k));

describe('Rng', () => {
  const n = 100_000;

  it('is sfc32: the same numbers as its definition, from the same state', () => {
    const rng = new Rng('any');
    let [a, b, c, counter] = rng.save().words.map(BigInt) as [bigint, bigint, bigint, bigint];
    const mask = 0xffffffffn;
    [a, b, c, counter] = [a & mask, b & mask, c & mask, counter & mask];
    for (let i = 0; i < 1000; i++) {
      const t = (a + b + counter) & mask;
      counter = (counter + 1n) & mask;
      a = b ^ (b >> 9n);
      b = (c + (c << 3n)) & mask;
      c = ((((c << 21n) | (c >> 11n)) & mask) + t) & mask;
      expect(rng.uint32()).to.equal(Number(t));
    }
  });

  it('draws uniform numbers with the moments of U(0, 1), and in [low, high)', () => {
    const values = new Rng(1).uniform(n);
    expect(mean(values)).to.be.closeTo(1 / 2, 5 * Math.sqrt(1 / 12 / n));
    expect(moment(values, 2)).to.be.closeTo(1 / 3, 5 * Math.sqrt(4 / 45 / n));
    expect(moment(values, 4, 0.5)).to.be.closeTo(1 / 80, 5 * Math.sqrt((1 / 2304 - 1 / 6400) / n));
    const scaled = new Rng(1).uniform(n, -3, -1);
    expect(scaled.every((value) => value >= -3 && value < -1 + 1e-6)).to.equal(true);
    expect(mean(scaled)).to.be.closeTo(-2, 5 * 2 * Math.sqrt(1 / 12 / n));
  });

  it('draws normal numbers with the moments of Normal(mean, std)', () => {
    const values = new Rng(2).normal(n);
    expect(mean(values)).to.be.closeTo(0, 5 / Math.sqrt(n));
    expect(moment(values, 2)).to.be.closeTo(1, 5 * Math.sqrt(2 / n));
    expect(moment(values, 3)).to.be.closeTo(0, 5 * Math.sqrt(15 / n));
    expect(moment(values, 4)).to.be.closeTo(3, 5 * Math.sqrt(96 / n));
    expect(values.filter((value) => Math.abs(value) > 1.959964).length / n).to.be.closeTo(
      0.05,
      5 * Math.sqrt((0.05 * 0.95) / n),
    );
    const scaled = new Rng(2).normal(n, 10, 0.5);
    expect(mean(scaled)).to.be.closeTo(10, 2.5 / Math.sqrt(n));
    expect(moment(scaled, 2, 10)).to.be.closeTo(0.25, 1.25 * Math.sqrt(2 / n));
  });

  it('gives neighbours that have nothing to do with each other', () => {
    const values = new Rng(3).normal(n);
    for (const lag of [1, 2, 3])
      expect(mean(values.subarray(lag).map((value, i) => value * values[i]!))).to.be.closeTo(0, 5 / Math.sqrt(n));
  });

  it('draws an odd number of normal numbers too', () => {
    expect([...new Rng(4).normal(5)]).to.deep.equal([...new Rng(4).normal(6)].slice(0, 5));
    expect(new Rng(4).normal(0)).to.have.length(0);
  });

  it('draws whole numbers below n, each equally often', () => {
    const rng = new Rng(5);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[rng.int(7)]!++;
    const chi2 = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi2).to.be.below(6 + 5 * Math.sqrt(12)); // 6 degrees of freedom
    expect(rng.int(1)).to.equal(0);
    for (let i = 0; i < 100; i++) expect(rng.int(2 ** 32)).to.be.within(0, 2 ** 32 - 1);
  });

  it('draws whole numbers without modulo bias: below 3 * 2^30 a remainder would favour the first third', () => {
    const rng = new Rng(5);
    const draws = Array.from({length: 20_000}, () => rng.int(3 * 2 ** 30));
    expect(draws.filter((draw) => draw < 2 ** 30).length / 20_000).to.be.closeTo(1 / 3, 5 * Math.sqrt(2 / 9 / 20_000));
  });

  it('permutes: every order equally often', () => {
    const rng = new Rng(6);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = rng.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).to.equal(24);
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi2).to.be.below(23 + 5 * Math.sqrt(46));
    expect([...new Rng(1).permutation(1000)].sort((a, b) => a - b)).to.deep.equal(
      Array.from({length: 1000}, (_, i) => i),
    );
    expect([...new Rng(1).permutation(0)]).to.deep.equal([]);
  });

  it('repeats itself for the same seed only; a number and its text are the same', () => {
    const draw = (seed: number | string): number[] => [...new Rng(seed).uniform(8)];
    expect(draw(7)).to.deep.equal(draw(7));
    expect(draw(7)).to.deep.equal(draw('7'));
    expect(new Set([0, 1, 2, -1, 1e9, 'a', 'b', ''].map((seed) => draw(seed).join())).size).to.equal(8);
  });

  it('forks by path, whatever has been drawn before', () => {
    const root = new Rng(1);
    const before = [...root.fork('noise', 3).uniform(4)];
    root.uniform(100);
    expect([...root.fork('noise', 3).uniform(4)]).to.deep.equal(before);
    expect([...root.fork('noise').fork(3).uniform(4)]).to.deep.equal(before);
    expect(root.fork('noise', 3).seed).to.equal('1/noise/3');
  });

  it('gives forks that have nothing to do with each other or with their root', () => {
    const root = new Rng(1);
    const streamsOf = [
      new Rng(1),
      root.fork(0),
      root.fork(1),
      root.fork('x'),
      root.fork('x', 0),
      root.fork('x', 1),
    ].map((rng) => rng.normal(20_000));
    for (const [i, a] of streamsOf.entries())
      for (const b of streamsOf.slice(i + 1))
        expect(mean(a.map((value, k) => value * b[k]!))).to.be.closeTo(0, 5 / Math.sqrt(20_000));
  });

  it('gives first numbers that scatter over forks as over draws', () => {
    const firsts = Array.from({length: 20_000}, (_, i) => new Rng(1).fork('batch', i).float());
    expect(mean(firsts)).to.be.closeTo(0.5, 5 * Math.sqrt(1 / 12 / 20_000));
    expect(mean(firsts.slice(1).map((value, i) => (value - 0.5) * (firsts[i]! - 0.5)))).to.be.closeTo(
      0,
      5 / 12 / Math.sqrt(20_000),
    );
  });

  it('goes on from a saved state, also after JSON', () => {
    const rng = new Rng(8);
    rng.normal(13);
    const state = JSON.parse(JSON.stringify(rng.save())) as ReturnType<Rng['save']>;
    const next = [...rng.normal(9)];
    const other = new Rng(8);
    other.load(state);
    expect([...other.normal(9)]).to.deep.equal(next);
  });

  it('refuses the state of another seed', () => {
    expect(() => new Rng(9).load(new Rng(8).save())).to.throw("'8' loaded into '9'");
  });
});

describe('streams', () => {
  it('are those of the last seed, one for weights and one for dropout', () => {
    const first = setSeed(5);
    expect(streams()).to.equal(first);
    expect([first.seed, first.weights.seed, first.dropout.seed]).to.deep.equal([5, '5/weights', '5/dropout']);
    expect(setSeed(5)).to.not.equal(first);
  });

  it('go on from a saved state, each by itself', () => {
    const one = makeStreams(3);
    one.weights.float();
    const state = saveStreams(one);
    const next = [one.weights.float(), one.dropout.float()];
    const other = makeStreams(3);
    loadStreams(other, state);
    expect([other.weights.float(), other.dropout.float()]).to.deep.equal(next);
  });
});
