import {expect} from 'chai';
import {median, medianInterval} from '../../dist/bench/statistics.js';

describe('medianInterval', () => {
  const upTo = (n: number): number[] => Array.from({length: n}, (_, i) => i + 1).sort((a, b) => (a % 3) - (b % 3));

  // Ranks and confidence of the tables of the sign test: Conover, Practical Nonparametric Statistics, and `binom.test`
  // of R.
  for (const [n, low, high, confidence] of [
    [6, 1, 6, 0.96875],
    [8, 1, 8, 0.9921875],
    [9, 2, 8, 0.9609375],
    [10, 2, 9, 0.978515625],
    [12, 3, 10, 0.96142578125],
    [20, 6, 15, 0.9586105346679688],
  ] as const) {
    it(`of ${n} numbers takes those of ranks ${low} and ${high}`, () =>
      expect(medianInterval(upTo(n))).to.deep.equal({low, high, confidence}));
  }

  it('of fewer than six says that it cannot be so sure', () => {
    expect(medianInterval([5, 1, 3])).to.deep.equal({low: 1, high: 5, confidence: 0.75});
    expect(medianInterval([7])).to.deep.equal({low: 7, high: 7, confidence: 0});
  });

  it('has the median in it as often as it says', () => {
    let state = 1;
    // Park and Miller's generator
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    let within = 0;
    for (let i = 0; i < 4000; i++) {
      // exponential: its median is ln 2
      const {low, high} = medianInterval(Array.from({length: 12}, () => -Math.log(random())));
      if (low <= Math.LN2 && Math.LN2 <= high) within++;
    }
    expect(within / 4000).to.be.closeTo(0.9614, 0.012); // four standard errors
  });
});

describe('median', () => {
  it('is the middle one, or the mean of the two in the middle', () =>
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).to.deep.equal([2, 2.5]));
});
