import {expect} from 'chai';
import fc from 'fast-check';
import {didYouMean, editDistance, nearestFirst} from '../../dist/options/nearest.js';

const word = fc.string({maxLength: 8});

describe('editDistance', () => {
  it('is 0 for equal texts only, and the same both ways', () =>
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b) === 0).to.equal(a === b);
        expect(editDistance(a, b)).to.equal(editDistance(b, a));
      }),
    ));

  it('lies between the difference of the lengths and the longer length', () =>
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).to.be.within(Math.abs(a.length - b.length), Math.max(a.length, b.length));
      }),
    ));

  const cases: [string, string, number][] = [
    ['kitten', 'sitting', 3],
    ['size', 'siez', 1],
    ['wasm', 'wsam', 1],
    ['', 'abc', 3],
  ];
  for (const [a, b, d] of cases) it(`of '${a}' and '${b}' is ${d}`, () => expect(editDistance(a, b)).to.equal(d));
});

describe('didYouMean', () => {
  it('finds what was meant, and says nothing when nothing is near', () => {
    expect(didYouMean('siez', ['set', 'size'])).to.equal('size');
    expect(didYouMean('batch_size', ['batchSize'])).to.equal('batchSize');
    expect(didYouMean('transformer', ['basic', 'gan-critic'])).to.equal(undefined);
    expect(didYouMean('x', [])).to.equal(undefined);
  });
});

describe('nearestFirst', () => {
  it('keeps all names', () =>
    fc.assert(
      fc.property(word, fc.array(word), (wanted, names) => {
        expect(nearestFirst(wanted, names)).to.have.members(names);
      }),
    ));
});
