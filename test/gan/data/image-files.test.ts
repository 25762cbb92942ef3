import {expect} from 'chai';
import {mkdir, symlink, writeFile} from 'node:fs/promises';
import {dirname, join, relative, sep} from 'node:path';
import {getImageFiles, type ImageFilesOptions} from '../../../dist/gan/data/image-files.js';
import {ganError, inFolder} from './helpers.js';

async function touch(dir: string, names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(dir, name)), {recursive: true});
    await writeFile(join(dir, name), '');
  }
}

const list = async (dir: string, options?: ImageFilesOptions) =>
  (await getImageFiles(dir, options)).map((path) => relative(dir, path).split(sep).join('/'));

describe('getImageFiles', () => {
  it('finds images of all kinds in nested folders, sorted, in any case', () =>
    inFolder(async (dir) => {
      await touch(dir, [
        'b/2.PNG',
        'b/10.png',
        'a.jpeg',
        'Z.jpg',
        'b/c/d.webp',
        'e.gif',
        'f.tif',
        'g.TIFF',
        'h.avif',
        'notes.txt',
        'png',
        'i.svg',
      ]);
      expect(await list(dir)).to.deep.equal([
        'Z.jpg',
        'a.jpeg',
        'b/10.png',
        'b/2.PNG',
        'b/c/d.webp',
        'e.gif',
        'f.tif',
        'g.TIFF',
        'h.avif',
      ]);
    }));

  it('skips hidden files and folders', () =>
    inFolder(async (dir) => {
      await touch(dir, ['a.png', '.b.png', '.cache/c.png']);
      expect(await list(dir)).to.deep.equal(['a.png']);
    }));

  it('stays in the folder when told so, and takes other extensions', () =>
    inFolder(async (dir) => {
      await touch(dir, ['a.png', 'b/c.png', 'd.bmp']);
      expect(await list(dir, {recurse: false})).to.deep.equal(['a.png']);
      expect(await list(dir, {extensions: ['.BMP']})).to.deep.equal(['d.bmp']);
    }));

  it('follows links, ends loops, and lists every folder once', () =>
    inFolder(async (dir) => {
      await touch(dir, ['data/a/1.png', 'data/b/2.png', 'elsewhere/3.png']);
      const data = join(dir, 'data');
      await symlink(data, join(data, 'a', 'loop'));
      await symlink(join(data, 'a'), join(data, 'b', 'also-a'));
      await symlink(join(dir, 'elsewhere'), join(data, 'out'));
      await symlink(join(dir, 'elsewhere'), join(data, 'out-again'));
      await symlink(join(dir, 'elsewhere', '3.png'), join(data, 'linked.png'));
      await symlink(join(dir, 'missing.png'), join(data, 'dangling.png'));
      expect(await list(data)).to.deep.equal(['a/1.png', 'b/2.png', 'dangling.png', 'linked.png', 'out/3.png']);
    }));

  it('names a missing folder, and a file that is no image', () =>
    inFolder(async (dir) => {
      const missing = await ganError(() => getImageFiles(join(dir, 'nope')));
      expect(missing).to.include({code: 'GAN_DATA_NOT_FOUND', kind: 'data', exitCode: 5});
      expect(missing.message).to.contain(join(dir, 'nope'));
      await touch(dir, ['a.txt']);
      expect((await ganError(() => getImageFiles(join(dir, 'a.txt')))).message).to.contain('is a file');
    }));

  it('takes a single image file', () =>
    inFolder(async (dir) => {
      await touch(dir, ['a.png', 'b.png']);
      expect(await getImageFiles(join(dir, 'a.png'))).to.deep.equal([join(dir, 'a.png')]);
    }));

  it('names an empty folder and what was looked for', () =>
    inFolder(async (dir) => {
      await touch(dir, ['readme.txt', 'sub/a.png']);
      const error = await ganError(() => getImageFiles(dir, {recurse: false}));
      expect(error).to.include({code: 'GAN_DATA_EMPTY', kind: 'data'});
      expect(error.message).to.contain(dir).and.contain('jpeg, jpg, png, webp');
      expect(error.suggestions.join()).to.contain('subfolders');
    }));
});
