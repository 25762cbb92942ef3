import {expect} from 'chai';
import fc from 'fast-check';
import {
  funcSplitter,
  grandparentSplitter,
  indexSplitter,
  parentSplitter,
  randomSplitter,
  type Split,
} from '../../../dist/gan/data/splitters.js';
import {ganError} from './helpers.js';

const named = (n: number) => Array.from({length: n}, (_, i) => `${i}.png`);
const all = ({train, valid}: Split) => [...train, ...valid].sort((a, b) => a - b);

describe('randomSplitter', () => {
  it('puts every item into one part, and the percentage, rounded down, into the held-out one', () =>
    fc.assert(
      fc.property(fc.nat(200), fc.double({min: 0, max: 99, noNaN: true}), fc.nat(), (n, percent, seed) => {
        const split = randomSplitter(percent, seed)(named(n));
        expect(all(split)).to.deep.equal(named(n).map((_, i) => i));
        expect(split.valid).to.have.length(Math.floor((n * percent) / 100));
      }),
    ));

  it('depends on the seed only', () => {
    const valid = (seed: number) => randomSplitter(20, seed)(named(100)).valid.join();
    expect(valid(1)).to.equal(valid(1)).and.not.to.equal(valid(2));
  });

  it('refuses what is no percentage below 100', async () => {
    for (const percent of [-1, 100, NaN])
      expect(await ganError(() => randomSplitter(percent, 0))).to.include({code: 'GAN_DATA_SPLIT', kind: 'config'});
  });
});

describe('indexSplitter', () => {
  it('holds out the given items; none for an empty list', () => {
    expect(indexSplitter([3, 1])(named(5))).to.deep.equal({train: [0, 2, 4], valid: [1, 3]});
    expect(indexSplitter([])(named(2))).to.deep.equal({train: [0, 1], valid: []});
  });

  it('refuses positions that do not exist', async () => {
    expect((await ganError(() => indexSplitter([5])(named(5)))).message)
      .to.contain('item 5')
      .and.contain('0 to 4');
  });
});

describe('funcSplitter', () => {
  it('asks about each name', () => {
    expect(funcSplitter((name) => name > '2')(named(4))).to.deep.equal({train: [0, 1], valid: [2, 3]});
  });
});

describe('folder splitters', () => {
  const byParent = ['d/train/1.png', 'd/valid/2.png', 'd/test/3.png', 'd/train/4.png'];

  it('go by the parent folder, leaving out the others', () => {
    expect(parentSplitter()(byParent)).to.deep.equal({train: [0, 3], valid: [1]});
  });

  it('go by the grandparent folder, under any names', () => {
    const paths = ['d/fit/cat/1.png', 'd/test/cat/2.png', 'd/fit/dog/3.png'];
    expect(grandparentSplitter('fit', 'test')(paths)).to.deep.equal({train: [0, 2], valid: [1]});
  });

  it('say which folders there are when none is the training one', async () => {
    const error = await ganError(() => grandparentSplitter()(byParent));
    expect(error).to.include({code: 'GAN_DATA_SPLIT', kind: 'data'});
    expect(error.message).to.contain("'train'").and.contain('found: d');
  });
});
