import {Writable} from 'node:stream';
import {expect} from 'chai';
import type {Learner} from '../../dist/gan/learner.js';
import {batchSizeOfAll} from '../../dist/runs/ranks/join-ranks.js';
import {LastWords} from '../../dist/runs/ranks/last-words.js';
import {silenceIn, type Ranks} from '../../dist/runs/ranks/ranks.js';
import {ganError} from '../gan-error.js';

describe('what the others tell of a rank that is lost', () => {
  it('is its step and the last lines that it printed, without colours', () => {
    const written: string[] = [];
    const stream = new Writable({write: (text, _, done) => (written.push(String(text)), done())});
    const notes: string[] = [];
    const words = new LastWords((text) => notes.push(text), [stream as unknown as NodeJS.WriteStream]);
    for (let i = 1; i <= 5; i++) stream.write(`line ${i}\n`);
    expect(notes.at(-1)).to.equal(
      'It had not begun to train. The last that it printed: line 2 | line 3 | line 4 | line 5',
    );
    stream.write('\u001B[31mError\u001B[0m: no\r\n');
    void words.ofSteps().afterBatch!({training: true, step: 120} as Learner);
    expect(notes.at(-1)).to.equal('It was at step 120. The last that it printed: line 3 | line 4 | line 5 | Error: no');
    const count = notes.length;
    words.close();
    stream.write('more\n');
    expect(notes).to.have.length(count);
    expect(written.at(-1)).to.equal('more\n');
    expect(written).to.have.length(7);
  });
});

describe('GAN_RANK_TIMEOUT', () => {
  it('is a number of seconds, 30 by default', () => {
    expect([silenceIn({}), silenceIn({GAN_RANK_TIMEOUT: ''}), silenceIn({GAN_RANK_TIMEOUT: '2.5'})]).to.deep.equal([
      30, 30, 2.5,
    ]);
  });

  for (const text of ['abc', '0', '-5', '30s', 'NaN', 'Infinity', '1'])
    it(`is refused as ${text}, with what it takes`, async () => {
      const error = await ganError(async () => silenceIn({GAN_RANK_TIMEOUT: text}));
      expect(error).to.include({code: 'GAN_RANK_TIMEOUT', exitCode: 2});
      expect(error.message).to.contain(`"${text}"`).and.contain('2 to 86400');
    });
});

describe('--batch-size auto of several ranks', () => {
  it('is what the device with the least memory takes, for each of them', async () => {
    const ranks = {collective: {size: 3}, fromAll: async (own: number) => [64, own, 16]} as unknown as Ranks;
    expect(await batchSizeOfAll(ranks, 32)).to.equal(48);
  });
});
