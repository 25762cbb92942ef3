import {expect} from 'chai';
import type {Learner} from '../../dist/gan/learner.js';
import type {SkippedItem} from '../../dist/gan/data/types.js';
import {Remarks} from '../../dist/runs/ranks/remarks.js';
import type {Ranks} from '../../dist/runs/ranks/ranks.js';

const learn = {} as Learner;

/** Ranks in one process: what one says to all is there once each has said something. */
function ranksTogether(size: number): {remarks: Remarks; warned: string[]}[] {
  let said: unknown[] = [];
  let waiting: ((all: unknown[]) => void)[] = [];
  return Array.from({length: size}, (_, rank) => {
    const ranks = {
      isFirst: rank === 0,
      collective: {hosts: Array.from({length: size}, (__, i) => `node${i + 1}`)},
      fromAll: (value: unknown) =>
        new Promise<unknown[]>((resolve) => {
          said[rank] = value;
          longest = Math.max(longest, (value as {items: unknown[]}).items.length);
          waiting.push(resolve);
          if (waiting.length < size) return;
          for (const each of waiting) each(said);
          [said, waiting] = [[], []];
        }),
    } as unknown as Ranks;
    const warned: string[] = [];
    return {remarks: new Remarks(ranks, (message) => warned.push(message)), warned};
  });
}

/** The most that a rank has said at a time. */
let longest = 0;

const item = (n: number): SkippedItem => ({path: `${n}.png`, reason: 'odd'});

describe('what the ranks say of their images', () => {
  it('is said by rank 0, once, with the number and the machine of another', async () => {
    const [first, second] = ranksTogether(2) as [{remarks: Remarks; warned: string[]}, {remarks: Remarks}];
    const skipped: SkippedItem[] = [item(2)];
    const epochs = [first.remarks.exchange(() => [item(1)]), second.remarks.exchange(() => skipped)];
    const endEpoch = (): Promise<unknown> => Promise.all(epochs.map(async (callback) => callback.afterEpoch!(learn)));
    first.remarks.warn('of both');
    second.remarks.warn('of both');
    second.remarks.warn('cannot read 2.png');
    await endEpoch();
    await endEpoch();
    expect(first.warned).to.deep.equal(['of both', 'rank 1 on node2: cannot read 2.png']);
    skipped.push(item(1), item(3));
    first.remarks.warn('cannot read 2.png'); // it meets the same in a later epoch
    await endEpoch();
    expect(first.warned).to.have.length(2);
    expect(
      first.remarks
        .allSkipped([item(1)])
        .map(({path}) => path)
        .sort(),
    ).to.deep.equal(['1.png', '2.png', '3.png']);
  });

  it('is told in parts where it is much, and all of it when the epoch has ended', async () => {
    const [first, second] = ranksTogether(2) as [{remarks: Remarks; warned: string[]}, {remarks: Remarks}];
    const many = Array.from({length: 250}, (_, i) => item(i));
    const epochs = [first.remarks.exchange(() => []), second.remarks.exchange(() => many)];
    for (const {path} of many) second.remarks.warn(path);
    const counts = (): number[] => [first.remarks.allSkipped([]).length, first.warned.length];
    for (const length of [250, 250, 251]) {
      if (length > 250) many.push(item(250));
      await Promise.all(epochs.map(async (callback) => callback.afterEpoch!(learn)));
      expect(counts()).to.deep.equal([length, 250]);
    }
    expect(longest).to.equal(100);
  });
});
