import {expect} from 'chai';
import {endAll} from '../../dist/cli/ranks/take-part.js';
import {GanError} from '../../dist/errors.js';
import type {Ranks} from '../../dist/runs/ranks/ranks.js';

/** Rank 0 of two, which notes what it tells and how it ends all. */
function firstRank(): {ranks: Ranks; noted: string[]} {
  const noted: string[] = [];
  const ranks = {
    rank: 0,
    isFirst: true,
    fail: async (_: unknown, exitCode: number) => void noted.push(`fail ${exitCode}`),
    collective: {abort: async (exitCode: number) => void noted.push(`abort ${exitCode}`)},
  };
  return {ranks: ranks as unknown as Ranks, noted};
}

describe('an error of one rank', () => {
  const before = process.exitCode;
  afterEach(() => (process.exitCode = before));

  it('ends all with the exit code of its process, and is not told again by rank 0', async () => {
    const {ranks, noted} = firstRank();
    const cause = {rank: 1, host: 'node2', message: 'a file cannot be read', exitCode: 5};
    const error = new GanError('backend', 'GAN_RANK_FAILED', 'rank 1 on node2 cannot go on', {cause});
    await endAll(ranks, error, async () => void noted.push('report'));
    expect(noted).to.deep.equal(['fail 5', 'abort 5']);
  });

  it('is told by rank 0 where the rank cannot tell any more', async () => {
    const {ranks, noted} = firstRank();
    const cause = {rank: 1, host: 'node2', message: 'has not answered for 30 s'};
    const error = new GanError('backend', 'GAN_RANK_LOST', 'rank 1 on node2 has not answered', {cause});
    await endAll(ranks, error, async () => {
      noted.push('report');
      process.exitCode = error.exitCode;
    });
    expect(noted).to.deep.equal(['report', 'fail 4', 'abort 4']);
  });

  for (const [what, rank, message, reports] of [
    ['is told once where another rank has met the same', 1, 'no data here', []],
    ['is told where it is another one', 1, 'something else', ['report']],
    ['is not told by rank 0 again, where another has told of the same while it saved', 0, 'no data here', []],
  ] as const)
    it(what, async () => {
      const {ranks, noted} = firstRank();
      const cause = {rank: 1 - rank, host: 'another', message: 'no data here', exitCode: 5};
      const check = (): void => {
        throw new GanError('data', 'GAN_RANK_FAILED', 'another rank cannot go on', {cause});
      };
      const collective = {...ranks.collective, check};
      const one = {...ranks, rank, collective} as unknown as Ranks; // it aborts at once, for the test
      await endAll(one, new GanError('data', 'GAN_DATA_NOT_FOUND', message), async () => {
        noted.push('report');
        process.exitCode = 5;
      });
      expect(noted).to.deep.equal([...reports, 'fail 5', 'abort 5']);
    });
});
