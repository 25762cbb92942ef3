import {expect} from 'chai';
import {existsSync, readFileSync} from 'node:fs';
import {rename} from 'node:fs/promises';
import path from 'node:path';
import {renameOver} from '../../../dist/gan/io/rename.js';
import {folder, removeFolders, write} from '../../plugin/helpers.js';

describe('renameOver', () => {
  after(removeFolders);

  const fails = (code: string, times: number) => {
    let tries = 0;
    const move: typeof rename = async (from, to) => {
      tries++;
      if (tries <= times) throw Object.assign(new Error(code), {code});
      await rename(from, to);
    };
    return {move, tries: () => tries};
  };

  it('replaces a file', async () => {
    const dir = folder();
    write(dir, {a: 'new', b: 'old'});
    await renameOver(path.join(dir, 'a'), path.join(dir, 'b'));
    expect(readFileSync(path.join(dir, 'b'), 'utf8')).to.equal('new');
    expect(existsSync(path.join(dir, 'a'))).to.equal(false);
  });

  it('tries again on Windows while the file is in use, and nowhere else', async () => {
    const dir = folder();
    write(dir, {a: 'new', b: 'old'});
    const [a, b] = [path.join(dir, 'a'), path.join(dir, 'b')];
    const elsewhere = fails('EACCES', 1);
    const refused = await renameOver(a, b, {platform: 'linux', move: elsewhere.move}).catch((error: Error) => error);
    expect(refused).to.include({code: 'EACCES'});
    expect(elsewhere.tries()).to.equal(1);
    const full = fails('ENOSPC', 1);
    expect(await renameOver(a, b, {platform: 'win32', move: full.move}).catch((error: Error) => error)).to.include({
      code: 'ENOSPC',
    });
    expect(full.tries()).to.equal(1);
    const windows = fails('EPERM', 2);
    await renameOver(a, b, {platform: 'win32', move: windows.move});
    expect(windows.tries()).to.equal(3);
    expect(readFileSync(b, 'utf8')).to.equal('new');
  });
});
