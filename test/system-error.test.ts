import {expect} from 'chai';
import fc from 'fast-check';
import {execFileSync} from 'node:child_process';
import {quoted} from '../dist/system-error.js';

describe('a text as a word of a command line', () => {
  it('is taken by a shell as it was', function () {
    if (process.platform === 'win32') return this.skip();
    const texts = fc.sample(fc.string({unit: 'grapheme'}), 50).map((text) => text.replaceAll('\0', ''));
    const words = ["it's", 'a b', '$HOME', '`x`', 'C:\\photos', ...texts];
    const shown = execFileSync('sh', [
      '-c',
      `printf '%s\\0' ${words.map((word) => quoted(word)).join(' ')}`,
    ]).toString();
    expect(shown.split('\0').slice(0, -1)).to.deep.equal(words);
  });

  it('has the quotes of Windows there: cmd knows no single ones', () => {
    const words: Record<string, string> = {
      'C:\\photos\\a-1': 'C:\\photos\\a-1',
      'runs\\wgan~1': 'runs\\wgan~1',
      'C:\\My Photos': '"C:\\My Photos"',
      'C:\\My Photos\\': '"C:\\My Photos\\\\"',
      'a"b': '"a""b"',
      'R&D': '"R&D"',
      '': '""',
    };
    for (const [word, shown] of Object.entries(words)) expect(quoted(word, 'win32'), word).to.equal(shown);
  });
});
