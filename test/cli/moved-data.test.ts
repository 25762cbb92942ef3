import {expect} from 'chai';
import {dataOf} from '../../dist/cli/training/moved-data.js';
import {ganError} from '../gan-error.js';

describe('--data of gan fit', () => {
  const given = {argument: undefined, moved: 'new', resume: 'runs/a', argv: ['--resume', 'runs/a', '--data', 'new']};

  it('is where the data of a run are that goes on', () => {
    expect(dataOf(given)).to.equal('new');
    expect(dataOf({...given, argument: 'photos', moved: undefined})).to.equal('photos');
    expect(dataOf({...given, moved: undefined})).to.equal(undefined);
  });

  it('is refused beside DATA, and for a new run, without telling keys', async () => {
    const moved = 'https://ada:s3cret@host/a.zip?token=s3cret';
    const twice = await ganError(async () => Promise.resolve(dataOf({...given, argument: moved})));
    expect(twice).to.include({code: 'GAN_USAGE', exitCode: 2});
    const alone = await ganError(async () =>
      Promise.resolve(dataOf({...given, moved, resume: undefined, argv: ['--size', '8', `--data=${moved}`]})),
    );
    expect(alone).to.include({code: 'GAN_USAGE', exitCode: 2});
    expect(alone.suggestions.join()).to.contain('gan fit ').and.contain('https://***@host/a.zip?token=***');
    expect(JSON.stringify([twice.message, twice.suggestions, alone.suggestions])).to.not.contain('s3cret');
  });
});
