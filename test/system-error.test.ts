import {expect} from 'chai';
import fc from 'fast-check';
import {execFileSync} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {temporaryName, underName} from '../dist/gan/io/atomic-write.js';
import {quoted, systemError} from '../dist/system-error.js';
import {folder, removeFolders} from './plugin/helpers.js';

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

describe('an error of the system', () => {
  after(removeFolders);

  it('has the name that the user knows, and names a folder that is there', async () => {
    const dir = folder();
    const to = path.join(dir, 'run', 'step-1');
    const temporary = temporaryName(to);
    const fault = await underName({temporary, path: to}, readFile(path.join(temporary, 'a'))).catch(
      (error: unknown) => error,
    );
    expect((fault as NodeJS.ErrnoException).path).to.equal(path.join(to, 'a'));
    const noSpace = Object.assign(fault as Error, {code: 'ENOSPC', syscall: 'write'});
    const {message, suggestions} = systemError(noSpace)!;
    expect(message).to.contain(`${path.join(to, 'a')} cannot be written: no space`);
    expect(suggestions[0]).to.match(new RegExp(`: df -h ${dir}$`));
    expect(await readdir(dir)).to.deep.equal([]);
  });
});
