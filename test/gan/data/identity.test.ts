import {expect} from 'chai';
import {GanError} from '../../../dist/errors.js';
import {dataDifference, identifyContents} from '../../../dist/gan/data/identity.js';
import {ganError} from './helpers.js';

describe('the identity of data', () => {
  const mebi = 1 << 20;

  /** Things that say they have so many bytes each. */
  function contents(count: number, bytes: number, changed: readonly number[] = []) {
    const read: number[] = [];
    return {
      read,
      of: {
        names: Array.from({length: count}, (_, i) => `${i}`),
        sizes: new Array<number>(count).fill(bytes),
        read: async (index: number) => {
          read.push(index);
          for (let turn = 0; turn <= (7 * index) % 5; turn++) await Promise.resolve();
          return Uint8Array.of(index, changed.includes(index) ? 1 : 0);
        },
      },
    };
  }

  it('is of all content of small data, in any order that it comes in', async () => {
    const one = contents(100, 1000);
    const identity = await identifyContents(one.of);
    expect(one.read).to.deep.equal([...Array(100).keys()]);
    expect(dataDifference(identity, await identifyContents(contents(100, 1000).of))).to.equal(undefined);
    expect(dataDifference(identity, await identifyContents(contents(100, 1000, [77]).of))).to.contain('other content');
  });

  it('is of some of the content of large data, however large each is', async () => {
    for (const [count, bytes, looked] of [
      [1000, mebi / 2, 64],
      [1000, 4 * mebi, 16],
      [3, 200 * mebi, 1],
    ] as const) {
      const one = contents(count, bytes);
      const identity = await identifyContents(one.of);
      expect(one.read).to.have.length(looked);
      expect(new Set(one.read).size).to.equal(looked);
      expect(identity).to.not.have.property('content');
      const all = await identifyContents(contents(count, bytes, [...Array(count).keys()]).of);
      expect(dataDifference(identity, all)).to.contain('but what they hold is not');
      const {some: _, ...before} = identity; // of earlier versions
      expect(dataDifference(before, all)).to.equal(undefined);
    }
  });

  it('counts what cannot be read as such; where nothing can be, there is none', async () => {
    const {of} = contents(4, 10);
    const broken = {...of, read: (i: number) => (i === 2 ? Promise.reject(new Error('broken')) : of.read(i))};
    const identity = await identifyContents(broken);
    expect(identity.content)
      .to.be.a('string')
      .and.not.equal((await identifyContents(of)).content);
    const gone = {...of, read: () => Promise.reject(new GanError('data', 'GAN_NETWORK', 'no network'))};
    expect(await ganError(() => identifyContents(gone))).to.include({code: 'GAN_NETWORK'});
  });
});
