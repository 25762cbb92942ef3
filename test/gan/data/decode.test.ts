import {expect} from 'chai';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import sharp, {type Sharp} from 'sharp';
import type {DecodeOptions} from '../../../dist/gan/data/decode-options.js';
import {decodeImage} from '../../../dist/gan/data/decode.js';
import {padTo, toChannels, type PadMode} from '../../../dist/gan/data/pixels.js';

const red = [255, 0, 0];
const green = [0, 255, 0];
const blue = [0, 0, 255];

/** A picture of vertical stripes of the given colours, each `stripe` wide. */
function stripes(colours: number[][], stripe: number, height: number): Sharp {
  const width = colours.length * stripe;
  const channels = colours[0]!.length as 3 | 4;
  const data = Uint8Array.from(
    {length: width * height * channels},
    (_, i) => colours[Math.floor((Math.floor(i / channels) % width) / stripe)]![i % channels]!,
  );
  return sharp(data, {raw: {width, height, channels}});
}

/** Pixel [y, x] of decoded bytes. */
const at = (data: Uint8Array, {size: [, width], channels = 3}: DecodeOptions, y: number, x: number) => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

const plain = (colour: {r: number; g: number; b: number; alpha?: number}) =>
  sharp({create: {width: 6, height: 6, channels: colour.alpha === undefined ? 3 : 4, background: colour}});

describe('decodeImage', () => {
  describe('crop', () => {
    it('keeps the middle of a wide image: the outer stripes go', async () => {
      const options: DecodeOptions = {size: [8, 8]};
      const data = await decodeImage(await stripes([red, green, blue], 16, 16).png().toBuffer(), options);
      for (let y = 0; y < 8; y++)
        for (let x = 0; x < 8; x++)
          expect(at(data, options, y, x)).to.deep.equal(x === 0 || x === 7 ? at(data, options, 0, x) : green);
      // bilinear: the neighbour's colour reaches one pixel in at most
      expect(at(data, options, 0, 0)[1]).to.be.above(200);
    });

    it('is a plain cut when the short side has the size already', async () => {
      const picture = Uint8Array.from({length: 4 * 10 * 3}, (_, i) => i);
      const data = await decodeImage(
        await sharp(picture, {raw: {width: 10, height: 4, channels: 3}})
          .png()
          .toBuffer(),
        {size: [4, 4]},
      );
      const expected = [0, 1, 2, 3].flatMap((y) => [...picture.subarray((y * 10 + 3) * 3, (y * 10 + 7) * 3)]);
      expect([...data]).to.deep.equal(expected);
    });
  });

  it('squish keeps all stripes and changes their width', async () => {
    const options: DecodeOptions = {size: [6, 12], resize: 'squish'};
    const data = await decodeImage(await stripes([red, green, blue], 16, 16).png().toBuffer(), options);
    for (const [x, colour] of [
      [1, red],
      [5, green],
      [10, blue],
    ] as const)
      expect(at(data, options, 3, x)).to.deep.equal(colour);
  });

  it('halves a checkerboard of single pixels to its mean: scaling is antialiased', async () => {
    const data = Uint8Array.from({length: 64 * 64}, (_, i) => (((i % 64) + Math.floor(i / 64)) % 2) * 255);
    const small = await decodeImage(
      await sharp(data, {raw: {width: 64, height: 64, channels: 1}})
        .png()
        .toBuffer(),
      {size: [16, 16], channels: 1},
    );
    for (const [i, value] of small.entries())
      if (i % 16 > 0 && i % 16 < 15 && i > 16 && i < 240) expect(value).to.be.closeTo(127.5, 2);
  });

  describe('pad', () => {
    for (const [padMode, corner] of [
      ['zeros', [0, 0, 0]],
      ['border', red],
      ['reflect', red],
    ] as [PadMode, number[]][]) {
      it(`fills above and below a wide image: ${padMode}`, async () => {
        const options: DecodeOptions = {size: [8, 8], resize: 'pad', padMode};
        const data = await decodeImage(await stripes([red, blue], 8, 8).png().toBuffer(), options);
        expect(at(data, options, 0, 0)).to.deep.equal(corner);
        expect(at(data, options, 7, 0)).to.deep.equal(corner);
        expect(at(data, options, 4, 0)).to.deep.equal(red);
        expect(at(data, options, 4, 7)).to.deep.equal(blue);
      });
    }

    it('mirrors without repeating the edge, as often as needed', () => {
      const image = {data: Uint8Array.of(1, 2, 3), width: 3, height: 1, channels: 1 as const};
      expect([...padTo(image, [1, 11], 'reflect')]).to.deep.equal([1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]);
      expect([...padTo(image, [1, 6], 'border')]).to.deep.equal([1, 1, 2, 3, 3, 3]);
      expect([...padTo(image, [3, 3], 'zeros')]).to.deep.equal([0, 0, 0, 1, 2, 3, 0, 0, 0]);
      expect([...padTo({data: Uint8Array.of(9), width: 1, height: 1, channels: 1}, [1, 3], 'reflect')]).to.deep.equal([
        9, 9, 9,
      ]);
    });
  });

  describe('colour', () => {
    const size = [2, 2] as const;
    const first = async (picture: Sharp, options: Partial<DecodeOptions> = {}) =>
      at(await decodeImage(await picture.toBuffer(), {size, ...options}), {size, ...options}, 0, 0);
    const orange = {r: 200, g: 100, b: 50};

    it('gives grey, RGB or RGBA from RGB', async () => {
      expect(await first(plain(orange).png())).to.deep.equal([200, 100, 50]);
      // 0.299 r + 0.587 g + 0.114 b = 124.2
      expect(await first(plain(orange).png(), {channels: 1})).to.deep.equal([124]);
      expect(await first(plain(orange).png(), {channels: 4})).to.deep.equal([200, 100, 50, 255]);
      expect(await first(plain(orange).png(), {channels: 2})).to.deep.equal([124, 255]);
    });

    it('lays transparent images on the background, and keeps the transparency with 2 and 4 channels', async () => {
      const half = plain({...orange, alpha: 0.5}).png(); // alpha byte 128
      const over = (top: number, below: number) => Math.round((top * 128 + below * 127) / 255);
      expect(await first(half)).to.deep.equal([over(200, 255), over(100, 255), over(50, 255)]);
      expect(await first(half, {background: [0, 0, 255]})).to.deep.equal([over(200, 0), over(100, 0), over(50, 255)]);
      const kept = await first(half, {channels: 4});
      // scaled with the colours multiplied by alpha
      [200, 100, 50, 128].forEach((value, c) => expect(kept[c]).to.be.closeTo(value, 1));
      const grey = await first(half, {channels: 2});
      [124, 128].forEach((value, c) => expect(grey[c]).to.be.closeTo(value, 1));
      expect(await first(plain({...orange, alpha: 0}).png(), {channels: 1, background: [9, 9, 9]})).to.deep.equal([9]);
    });

    it('handles grey, grey with transparency, palettes and 16 bits', async () => {
      const grey = () => plain({r: 128, g: 128, b: 128}).toColourspace('b-w').png();
      expect(await first(grey())).to.deep.equal([128, 128, 128]);
      expect(await first(grey(), {channels: 1})).to.deep.equal([128]);
      const clear = plain({r: 128, g: 128, b: 128, alpha: 0}).toColourspace('b-w').png();
      expect(await first(clear, {background: [255, 0, 0]})).to.deep.equal(red);
      expect(await first(plain(orange).png({palette: true}))).to.deep.equal([200, 100, 50]);
      const deep = await first(plain(orange).toColourspace('rgb16').png());
      [200, 100, 50].forEach((value, c) => expect(deep[c]).to.be.closeTo(value, 1)); // 16 bits are cut off, not rounded
    });

    it('converts CMYK to sRGB', async () => {
      const [r = 0, g = 0, b = 0] = await first(plain(orange).toColourspace('cmyk').jpeg({quality: 100}));
      expect(r).to.be.closeTo(200, 12); // through the profile of a press, whose gamut is smaller
      expect(g).to.be.closeTo(100, 12);
      expect(b).to.be.closeTo(50, 40);
    });

    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      it(`reads ${format}`, async () => {
        const pixel = await first(plain(orange).toFormat(format));
        [200, 100, 50].forEach((value, c) => expect(pixel[c]).to.be.closeTo(value, 4)); // lossy ones
      });
    }

    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      it(`refuses a truncated ${format}`, async () => {
        const data = Uint8Array.from({length: 64 * 64 * 3}, (_, i) => (i * 7919) % 251);
        const whole = await sharp(data, {raw: {width: 64, height: 64, channels: 3}})
          .toFormat(format)
          .toBuffer();
        await decodeImage(whole, {size});
        const outcome = await decodeImage(whole.subarray(0, whole.length * 0.9), {size}).then(
          () => 'read',
          (error: unknown) => error,
        );
        expect(outcome).to.be.instanceOf(Error);
      });
    }

    it('puts an image upright as its EXIF orientation says', async () => {
      const options: DecodeOptions = {size: [16, 8], resize: 'squish'};
      const turned = await stripes([red, blue], 16, 16)
        .withMetadata({orientation: 6})
        .jpeg({quality: 100, chromaSubsampling: '4:4:4'})
        .toBuffer();
      const data = await decodeImage(turned, options);
      expect(at(data, options, 2, 4)[0]).to.be.above(240); // what was left is up
      expect(at(data, options, 13, 4)[2]).to.be.above(240);
    });

    it('takes the first frame of an animation', async () => {
      const frames = Buffer.concat(
        [red, blue].map((colour) => Buffer.from(Array.from({length: 16}, () => colour).flat())),
      );
      for (const format of ['gif', 'webp'] as const) {
        const animation = await sharp(frames, {raw: {width: 4, height: 8, channels: 3, pageHeight: 4}})
          .toFormat(format, {lossless: true})
          .toBuffer();
        expect((await sharp(animation).metadata()).pages).to.equal(2);
        const [r = 0, , b = 255] = [...(await decodeImage(animation, {size}))];
        expect(r).to.be.above(250);
        expect(b).to.be.below(5);
      }
    });
  });
});

describe('toChannels', () => {
  it('makes grey as Pillow does: (19595 r + 38470 g + 7471 b + 32768) >> 16', () => {
    expect([
      ...toChannels(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255), 3, 1, [0, 0, 0]),
    ]).to.deep.equal([76, 150, 29, 255]);
  });

  it('keeps every grey level', () => {
    const levels = Uint8Array.from({length: 256 * 3}, (_, i) => Math.floor(i / 3));
    expect([...toChannels(levels, 3, 1, [0, 0, 0])]).to.deep.equal(Array.from({length: 256}, (_, i) => i));
  });

  describe('16 bits', () => {
    const colour = {r: 39, g: 197, b: 59};
    const deep = (): Sharp => plain(colour).toColourspace('rgb16');
    const near = (data: Uint8Array, wanted: number[]): void =>
      [...data.subarray(0, 3)].forEach((value, i) => expect(value).to.be.closeTo(wanted[i]!, 3));
    // of what sharp itself makes of 8 bits, which is right
    const inP3 = [39, 197, 59];

    for (const [profile, make] of [
      ['no profile', (image: Sharp) => image],
      ['sRGB', (image: Sharp) => image.withIccProfile('srgb')],
      ['Display P3', (image: Sharp) => image.withIccProfile('p3')],
    ] as const) {
      for (const format of ['png', 'tiff', 'avif'] as const) {
        it(`${format} with ${profile}`, async () => {
          const image = make(deep());
          const as = {
            png: () => image.png(),
            tiff: () => image.tiff({compression: 'lzw'}),
            avif: () => image.avif({bitdepth: 10, lossless: true}),
          };
          const bytes = await as[format]().toBuffer();
          const {depth} = await sharp(bytes).metadata();
          expect(depth).to.equal('ushort');
          near(await decodeImage(bytes, {size: [4, 4]}), inP3);
          expect(await decodeImage(bytes, {size: [4, 4], channels: 4})).to.have.length(64);
        });
      }
    }
  });

  it('gives each file the reason of its own, however many fail at once', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'gan-test-'));
    try {
      const noise = sharp(randomBytes(64 * 64 * 3), {raw: {width: 64, height: 64, channels: 3}});
      const [png, jpeg] = [await noise.clone().png().toBuffer(), await noise.clone().jpeg({quality: 95}).toBuffer()];
      const kinds = {
        'cut.png': png.subarray(0, png.length / 2),
        'cut.jpg': jpeg.subarray(0, jpeg.length / 2),
        'empty.png': Buffer.alloc(0),
        'text.png': Buffer.from('no picture'),
        'drawing.png': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        'good.png': png,
      };
      const files = Array.from({length: 8}, (_, i) =>
        Object.entries(kinds).map(([name, bytes]) => {
          const file = path.join(dir, `${i}-${name}`);
          writeFileSync(file, bytes);
          return {file, name};
        }),
      ).flat();
      const reasons = new Map<string, Set<string>>();
      await Promise.all(
        [...files, {file: path.join(dir, 'gone.png'), name: 'gone.png'}].map(async ({file, name}) => {
          const reason = await decodeImage(file, {size: [4, 4]}).then(
            () => 'none',
            (error: Error) => error.message.replaceAll(file, 'FILE'),
          );
          reasons.set(name, (reasons.get(name) ?? new Set()).add(reason));
        }),
      );
      for (const [name, found] of reasons) expect([...found], name).to.have.length(1);
      const reasonOf = (name: string): string => [...reasons.get(name)!][0]!;
      expect(reasonOf('good.png')).to.equal('none');
      expect(reasonOf('empty.png')).to.equal('FILE is empty');
      expect(reasonOf('cut.jpg')).to.match(/jpeg/i);
      expect(reasonOf('cut.png')).to.match(/png/i);
      for (const name of ['text.png', 'drawing.png']) expect(reasonOf(name)).to.contain('unsupported image format');
      expect(reasonOf('gone.png')).to.contain('ENOENT');
    } finally {
      rmSync(dir, {recursive: true});
    }
  });
});
