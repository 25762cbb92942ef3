import {expect} from 'chai';
import path from 'node:path';
import {assertNotOfWindows, slashedBelow} from '../../../dist/gan/io/windows-names.js';
import {claimFolder} from '../../../dist/runs/claim-folder.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

describe('a path of something to be made', () => {
  after(removeFolders);

  const refused: Record<string, RegExp> = {
    con: /^con cannot be made: 'con' is the name of a device/,
    'runs\\NUL': /'NUL' is the name of a device/,
    'runs/aux': /'aux' is the name of a device/,
    'D:\\runs\\Com1.old\\a': /'Com1\.old' is the name of a device/,
    'lpt9.tar.gz': /is the name of a device/,
    'nul .txt': /is the name of a device/,
    'runs\\best.': /would leave out the dot at the end of 'best\.'/,
    'runs\\best ': /would leave out the space at the end of 'best '/,
    'runs\\...': /would leave out the dot/,
    'runs:1': /must not have ":": 'runs:1'/,
    'C:\\runs\\a:b': /must not have ":": 'a:b'/,
    'runs\\q?': /must not have "\?"/,
    'runs\\a\u0001b': /must not have "\\u0001"/,
  };
  for (const [wanted, why] of Object.entries(refused))
    it(`${JSON.stringify(wanted)} is refused on Windows`, () =>
      expect(() => assertNotOfWindows(wanted, 'win32'))
        .to.throw(why)
        .that.includes({code: 'GAN_PATH', exitCode: 2}));

  const taken = [
    'C:\\photos\\run',
    'c:/photos/run',
    'C:run',
    'C:\\',
    '\\\\server\\share\\runs\\a',
    '\\\\?\\C:\\runs\\a',
    '..\\runs\\.hidden',
    '.',
    'console',
    'nullify.txt',
    'com10',
    'runs\\a\\',
    'été 2',
  ];
  for (const wanted of taken)
    it(`${wanted} is none of Windows' special names`, () => assertNotOfWindows(wanted, 'win32'));

  it('may be all of this on other systems', async function () {
    if (process.platform === 'win32') return this.skip();
    for (const name of ['con', 'best.', 'runs:1']) (await claimFolder(path.join(folder(), name))).release();
  });

  it('below a folder has / between its names on every system', () => {
    expect(slashedBelow('C:\\photos', 'c:\\Photos\\cats\\1.png', path.win32)).to.equal('cats/1.png');
    expect(slashedBelow('/photos', '/photos/cats/1.png', path.posix)).to.equal('cats/1.png');
    expect(slashedBelow('/photos', '/photos/a\\b.png', path.posix)).to.equal('a\\b.png');
  });
});
