import {expect} from 'chai';
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import sharp from 'sharp';
import {assertGridFits, imageGrid, writeImage, writePng} from '../../../dist/gan/data/grid.js';
import {Rng} from '../../../dist/gan/rng.js';
import {generateNoise} from '../../../dist/gan/data/noise.js';
import {ganError, inFolder} from './helpers.js';

/** The bytes in a PNG; grey ones are read as RGB by sharp, and RGBA. */
const pixels = async (png: Buffer, channels: 1 | 2 | 3 | 4) =>
  (await sharp(png).raw().toBuffer()).filter(
    (_, i) => channels > 2 || i % (channels + 2) === 0 || i % (channels + 2) === 3,
  );

describe('imageGrid', () => {
  it('puts images row by row, with gaps between and around', () => {
    const images = {data: Uint8Array.of(1, 2, 3), shape: [3, 1, 1, 1]};
    const grid = imageGrid(images, 2, 1);
    const w = 255;
    expect([grid.width, grid.height, grid.channels]).to.deep.equal([5, 5, 1]);
    expect([...grid.data]).to.deep.equal([w, w, w, w, w, w, 1, w, 2, w, w, w, w, w, w, w, 3, w, w, w, w, w, w, w, w]);
  });

  it('copies whole rows of non-square colour images', () => {
    const data = Uint8Array.from({length: 2 * 2 * 3 * 3}, (_, i) => i);
    const grid = imageGrid({data, shape: [2, 2, 3, 3]}, 2, 0);
    const row = (image: number, y: number) => [...data.subarray((image * 2 + y) * 9, (image * 2 + y + 1) * 9)];
    expect([...grid.data]).to.deep.equal([...row(0, 0), ...row(1, 0), ...row(0, 1), ...row(1, 1)]);
  });

  it('is as square as possible by default', () => {
    const {width, height} = imageGrid({data: new Uint8Array(7), shape: [7, 1, 1, 1]}, undefined, 0);
    expect([width, height]).to.deep.equal([3, 3]);
  });

  it('refuses what is no batch of byte images', async () => {
    for (const images of [
      {data: new Float32Array(4), shape: [1, 2, 2, 1]},
      {data: new Uint8Array(4), shape: [2, 2, 1]},
      {data: new Uint8Array(20), shape: [1, 2, 2, 5]},
      {data: new Uint8Array(5), shape: [1, 2, 2, 1]},
    ]) {
      const error = await ganError(() => imageGrid(images));
      expect(error.code).to.equal('GAN_IMAGE_SHAPE');
      expect(error.message).to.contain(`[${images.shape.join(', ')}]`);
    }
  });
});

describe('assertGridFits', () => {
  it('refuses what JPEG and WebP cannot hold, by the longer side', async () => {
    for (const [path, n, how] of [
      ['a.jpg', 62_000, {side: 512}],
      ['a.webp', 40_000, {side: 128}],
      ['a.jpeg', 7 * 1000, {side: 64, columns: 7}],
    ] as const) {
      const error = await ganError(() => assertGridFits(path, n, how));
      expect([error.code, error.kind], path).to.deep.equal(['GAN_IMAGE_FORMAT', 'usage']);
      assertGridFits('a.png', n, how);
      assertGridFits(path, 49, {side: how.side});
    }
    assertGridFits('a.webp', 100, {side: 1636, padding: 2}); // 16,382 pixels
    await ganError(() => assertGridFits('a.webp', 100, {side: 1637, padding: 2}));
  });
});

describe('writePng', () => {
  for (const channels of [1, 2, 3, 4] as const) {
    it(`writes ${channels} channels that read back the same, and leaves no other file`, () =>
      inFolder(async (dir) => {
        const data = Uint8Array.from({length: 3 * 2 * channels}, (_, i) => 10 * i + 5);
        await writePng(join(dir, 'a.png'), {data, width: 3, height: 2, channels});
        const png = await readFile(join(dir, 'a.png'));
        expect(png[25], 'colour type in the header').to.equal({1: 0, 2: 4, 3: 2, 4: 6}[channels]);
        expect([...(await pixels(png, channels))]).to.deep.equal([...data]);
        expect(await readdir(dir)).to.deep.equal(['a.png']);
      }));
  }

  it('replaces an older file, and says where it could not write', () =>
    inFolder(async (dir) => {
      const picture = {data: new Uint8Array(1), width: 1, height: 1, channels: 1} as const;
      await writeFile(join(dir, 'a.png'), 'old');
      await writePng(join(dir, 'a.png'), picture);
      expect((await sharp(join(dir, 'a.png')).metadata()).width).to.equal(1);
      await mkdir(join(dir, 'folder', 'inside'), {recursive: true});
      expect(await ganError(() => writePng(join(dir, 'folder'), picture))).to.include({code: 'GAN_IMAGE_WRITE'});
      expect((await readdir(dir)).sort()).to.deep.equal(['a.png', 'folder']);
      const error = await ganError(() => writePng(join(dir, 'no', 'a.png'), picture));
      expect(error).to.include({code: 'GAN_IMAGE_WRITE', kind: 'data'});
      expect(error.message).to.contain(`${join(dir, 'no', 'a.png')} cannot be opened: there is no such file or folder`);
      expect(error.suggestions).to.not.have.length(0);
    }));
});

describe('writeImage', () => {
  it('writes the chosen image of a batch', () =>
    inFolder(async (dir) => {
      const images = {data: Uint8Array.of(1, 2, 3, 4), shape: [2, 1, 2, 1]};
      await writeImage(join(dir, 'b.png'), images, 1);
      expect([...(await pixels(await readFile(join(dir, 'b.png')), 1))]).to.deep.equal([3, 4]);
    }));
});

describe('generateNoise', () => {
  it('is a vector of 100 that shows nothing', () => {
    const noise = generateNoise(new Rng(0));
    expect(noise.shape).to.deep.equal([100]);
    expect(noise.data).to.have.length(100);
    expect(noise.show()).to.equal(undefined);
    expect(generateNoise(new Rng(0), 3).data).to.deep.equal(generateNoise(new Rng(0), 3).data);
  });
});
