import {expect} from 'chai';
import {createHash} from 'node:crypto';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {join} from 'node:path';
import {writeFile} from 'node:fs/promises';
import sharp from 'sharp';
import {emoji, sheetSource} from '../../../dist/gan/data/sheet.js';
import {ganError, inFolder} from './helpers.js';

describe('builtin:emoji', () => {
  const plain = {size: [64, 64], channels: 3, resize: 'crop'} as const;

  it('has 1407 different pictures', async () => {
    const source = await sheetSource(emoji, plain);
    expect([source.size, ...source.shape]).to.deep.equal([1407, 64, 64, 3]);
    const hashes = new Set<string>();
    for (let i = 0; i < source.size; i++) {
      const pixels = (await source.read(i)) as Uint8Array;
      hashes.add(createHash('sha1').update(pixels).digest('base64'));
    }
    expect(hashes.size).to.equal(1407);
    expect((await sheetSource(emoji, {...plain, items: 500})).size).to.equal(500);
  });

  it('cuts a picture out of the sheet and lays it on white, as sharp does', async () => {
    const source = await sheetSource(emoji, plain);
    const sheet = await sharp(fileURLToPath(emoji.file)).flatten({background: 'white'}).raw().toBuffer();
    for (const index of [0, 39, 40, 1406]) {
      const pixels = (await source.read(index)) as Uint8Array;
      const corner = (Math.floor(index / 40) * 64 * 2560 + (index % 40) * 64) * 3;
      for (let i = 0; i < pixels.length; i++) {
        const wanted = sheet[corner + Math.floor(i / 192) * 2560 * 3 + (i % 192)]!;
        if (Math.abs(pixels[i]! - wanted) > 1) expect.fail(`picture ${index}, value ${i}: ${pixels[i]}, not ${wanted}`); // rounding
      }
    }
  });

  it('is resized to the wanted size and channels', async () => {
    const source = await sheetSource(emoji, {size: [32, 32], channels: 4, resize: 'crop'});
    const pixels = await source.read(3);
    expect(pixels.length).to.equal(32 * 32 * 4);
    expect(pixels[3]).to.equal(0); // a transparent corner
    expect(source.describe!(3)).to.match(/emoji\.webp 3$/);
  });

  it('says that the installation is damaged when the file cannot be read', () =>
    inFolder(async (dir) => {
      const file = join(dir, 'emoji.webp');
      for (const make of [() => Promise.resolve(), () => writeFile(file, 'no picture')]) {
        await make();
        const error = await ganError(() => sheetSource({...emoji, file: pathToFileURL(file)}, plain));
        expect(error).to.include({code: 'GAN_DATA_BROKEN', exitCode: 5});
      }
    }));
});
