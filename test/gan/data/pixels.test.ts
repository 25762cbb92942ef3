import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {crc32, deflateSync} from 'node:zlib';
import sharp from 'sharp';
import type {DecodeOptions} from '../../../dist/gan/data/decode-options.js';
import {decodeImage} from '../../../dist/gan/data/decode.js';
import {fromFolder} from '../../../dist/gan/data/data-loaders.js';
import {getImageFiles} from '../../../dist/gan/data/image-files.js';
import {inspectRecords} from '../../../dist/gan/data/inspect.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {pythonWith} from '../../python.js';
import {inFolder} from './helpers.js';

const colour = [39, 197, 59];
const script = fileURLToPath(new URL('pixels.py', import.meta.url));

/** A TIFF file of 4x4 pixels, not compressed, little-endian. */
function tiff(values: number[], type: 'float' | 'short', most?: number): Uint8Array {
  const bytes = type === 'float' ? 4 : 2;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, 4],
    [257, 4, 1, 4],
    [258, 3, 1, 8 * bytes],
    [259, 3, 1, 1],
    [262, 3, 1, 2],
    [273, 4, 1, 512],
    [277, 3, 1, 3],
    [278, 4, 1, 4],
    [279, 4, 1, 48 * bytes],
    [339, 3, 1, type === 'float' ? 3 : 1],
    ...(most === undefined ? [] : [[341, 3, 1, most] as [number, number, number, number]]),
  ];
  const file = new Uint8Array(512 + 48 * bytes);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, kind, count, value], i) => {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, kind, true);
    view.setUint32(at + 4, tag === 258 || tag === 339 || tag === 341 ? 3 : count, true);
    if (tag === 258 || tag === 339 || tag === 341) {
      const there = 256 + 8 * (tag % 16); // three values, elsewhere
      view.setUint32(at + 8, there, true);
      for (let c = 0; c < 3; c++) view.setUint16(there + 2 * c, value, true);
    } else view.setUint32(at + 8, value, true);
  });
  for (let i = 0; i < 48; i++)
    if (type === 'float') view.setFloat32(512 + 4 * i, values[i % 3]!, true);
    else view.setUint16(512 + 2 * i, values[i % 3]!, true);
  return file;
}

const png = (data: Uint8Array, width: number, channels: 1 | 3 | 4): Promise<Buffer> =>
  sharp(data, {raw: {width, height: data.length / width / channels, channels}})
    .png()
    .toBuffer();

describe('pixels', () => {
  let dir: string;
  before(() => (dir = mkdtempSync(path.join(tmpdir(), 'gan-test-'))));
  after(() => rmSync(dir, {recursive: true}));

  describe('scaling', () => {
    const ramp = Uint8Array.from({length: 256}, (_, i) => 16 * (i % 16));

    it('a ramp enlarged from 16 to 32 pixels is where it was: a quarter of a step before and behind each pixel', async () => {
      const out = await decodeImage(await png(ramp, 16, 1), {size: [32, 32], channels: 1});
      const wanted = Array.from({length: 32}, (_, x) => Math.min(240, Math.max(0, 8 * x - 4)));
      for (let y = 0; y < 32; y++) expect([...out.subarray(32 * y, 32 * y + 32)]).to.deep.equal(wanted);
    });

    it('of runs from before, it is where it was for them', async () => {
      const out = await decodeImage(await png(ramp, 16, 1), {size: [32, 32], channels: 1, decoding: 1});
      const wanted = Array.from({length: 32}, (_, x) => Math.max(0, 8 * x - 8));
      for (let y = 0; y < 32; y++) expect([...out.subarray(32 * y, 32 * y + 32)]).to.deep.equal(wanted);
    });

    it('the middle of a wide ramp is enlarged', async () => {
      const wide = Uint8Array.from({length: 24 * 16}, (_, i) => 10 * (i % 24));
      const out = await decodeImage(await png(wide, 24, 1), {size: [32, 32], channels: 1});
      for (let y = 0; y < 32; y++)
        for (let x = 0; x < 32; x++) expect(out[32 * y + x]).to.be.closeTo(5 * (x + 8) - 2.5, 0.5);
    });

    for (const resize of ['crop', 'squish', 'pad'] as const) {
      it(`mirrored images stay mirrored: ${resize}`, async () => {
        const width = 20;
        const image = Uint8Array.from({length: width * 33}, (_, i) => (i * 7919) % 251);
        const turned = image.map((_, i) => image[i - (i % width) + width - 1 - (i % width)]!);
        for (const side of [8, 12, 40]) {
          const options: DecodeOptions = {size: [side, side], channels: 1, resize};
          const [one, other] = [
            await decodeImage({data: image, width, height: 33, channels: 1}, options),
            await decodeImage({data: turned, width, height: 33, channels: 1}, options),
          ];
          const odd = resize === 'pad' && (side - Math.round((width / 33) * side)) % 2 !== 0; // one pixel more behind
          if (odd) continue;
          one.forEach((value, i) => expect(other[i - (i % side) + side - 1 - (i % side)]).to.be.closeTo(value, 1));
        }
      });
    }

    it('of equal size nothing changes, as before', async () => {
      for (const decoding of [1, 2] as const)
        expect(await decodeImage(await png(ramp, 16, 1), {size: [16, 16], channels: 1, decoding})).to.deep.equal(ramp);
    });
  });

  it('colours under alpha 0 are black, at every size', async () => {
    const hidden = Uint8Array.from({length: 8 * 8 * 4}, (_, i) => [200, 100, 50, i < 128 ? 0 : 255][i % 4]!);
    for (const side of [4, 8, 16]) {
      const out = await decodeImage(await png(hidden, 8, 4), {size: [side, side], channels: 4});
      expect([...out.subarray(0, 4)], `${side}`).to.deep.equal([0, 0, 0, 0]);
      expect([...out.subarray(-4)], `${side}`).to.deep.equal([200, 100, 50, 255]);
    }
  });

  describe('more than 8 bits', () => {
    const read = async (file: Uint8Array): Promise<{pixel: number[]; warnings: string[]}> => {
      const warnings: string[] = [];
      const data = await decodeImage(file, {size: [4, 4], warn: (message) => warnings.push(message)});
      return {pixel: [...data.subarray(0, 3)], warnings};
    };
    const in12 = colour.map((value) => Math.round((value / 255) * 4095));

    it('floats from 0 to 1', async () =>
      expect(
        await read(
          tiff(
            colour.map((value) => value / 255),
            'float',
          ),
        ),
      ).to.deep.equal({pixel: colour, warnings: []}));

    it('12 in 16 bits, as the file says', async () =>
      expect(await read(tiff(in12, 'short', 4095))).to.deep.equal({pixel: colour, warnings: []}));

    it("12 in 16 bits by PNG's sBIT, where no value is larger", async () => {
      const chunk = (type: string, content: Buffer): Buffer => {
        const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type), content, Buffer.alloc(4)]);
        bytes.writeUInt32BE(content.length, 0);
        bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
        return bytes;
      };
      const file = async (values: number[], bits: number, profile?: Uint8Array): Promise<Uint8Array> => {
        const data = Uint16Array.from({length: 48}, (_, i) => values[i % 3]!);
        const image = sharp(data, {raw: {width: 4, height: 4, channels: 3}}).toColourspace('rgb16');
        const plain = await image.png().toBuffer();
        return Buffer.concat([
          plain.subarray(0, 33), // up to the end of IHDR
          ...(profile ? [chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(profile)]))] : []),
          chunk('sBIT', Buffer.from([bits, bits, bits])),
          plain.subarray(33),
        ]);
      };
      expect(await read(await file(in12, 12))).to.deep.equal({pixel: colour, warnings: []});
      const in16 = colour.map((value) => 257 * value);
      expect(await read(await file(in16, 12))).to.deep.equal({pixel: colour, warnings: []});
      const small = sharp({create: {width: 1, height: 1, channels: 3, background: 'white'}}).png();
      const {icc} = await sharp(await small.withIccProfile('srgb').toBuffer()).metadata();
      const {pixel} = await read(await file(in12, 12, icc));
      pixel.forEach((value, c) => expect(value).to.be.closeTo(colour[c]!, 1));
    });

    it('12 in 16 bits of which the file says nothing: told', async () => {
      const {warnings} = await read(tiff(in12, 'short'));
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.contain(`no value above ${in12[1]}`);
      await inFolder(async (dir) => {
        writeFileSync(path.join(dir, 'a.tiff'), tiff(in12, 'short'));
        const {doubtful, broken} = await inspectRecords(await openRecords(dir));
        expect(broken.count).to.equal(0);
        expect(doubtful).to.deep.equal({count: 1, examples: [{path: path.join(dir, 'a.tiff'), reason: warnings[0]}]});
      });
    });

    it('16 bits of a TIFF file', async () =>
      expect(
        await read(
          tiff(
            colour.map((value) => 257 * value),
            'short',
          ),
        ),
      ).to.deep.equal({pixel: colour, warnings: []}));

    it('floats beyond 0 to 1 are told, by the name of the file', async () => {
      const folder = mkdtempSync(path.join(dir, 'float-'));
      writeFileSync(path.join(folder, 'wide.tif'), tiff([0, 100, 200], 'float'));
      const warnings: string[] = [];
      const {train} = await fromFolder(folder, {size: 4, batchSize: 1, warn: (message) => warnings.push(message)});
      for await (const batch of train.epoch(0)) expect(batch.target.data[2]).to.equal(255);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.contain('wide.tif: its values go from 0 to 200');
    });
  });

  it('files are images by their content; others are counted', async () => {
    const folder = mkdtempSync(path.join(dir, 'mixed-'));
    const noise = sharp(Buffer.alloc(48, 9), {raw: {width: 4, height: 4, channels: 3}});
    const jpeg = await noise.clone().jpeg().toBuffer();
    for (const name of ['a.jfif', 'b.jpe', 'c', 'd.jpg']) writeFileSync(path.join(folder, name), jpeg);
    for (const name of ['e.heic', 'f.heic', 'g.bmp', 'h']) writeFileSync(path.join(folder, name), 'something else');
    const names = (files: string[]): string[] => files.map((file) => path.basename(file));
    expect(names(await getImageFiles(folder))).to.deep.equal(['a.jfif', 'b.jpe', 'c', 'd.jpg']);
    expect(names(await getImageFiles(folder, {decoding: 1}))).to.deep.equal(['d.jpg']);
    expect(describeRecords(await openRecords(folder))).to.equal(
      'folder, 4 pictures, 4 other files left out (.heic 2, without ending 1, .bmp 1)',
    );
    expect(describeRecords(await openRecords(folder, {decoding: 1}))).to.equal('folder, 1 picture');
    expect((await openRecords(path.join(folder, 'c'))).size).to.equal(1);
    writeFileSync(path.join(folder, 'labels.csv'), 'file,label\na.jfif,1\n');
    expect(describeRecords(await openRecords(folder))).to.contain('2 labels, 4 other files left out');
  });

  describe('real files, beside Pillow', function () {
    this.timeout(process.env['GAN_SUITE'] === 'long' ? 600_000 : 60_000);
    const count = process.env['GAN_SUITE'] === 'long' ? 400 : 8;
    const emoji = path.join(
      path.dirname(createRequire(import.meta.url).resolve('emoji-datasource-twitter/package.json')),
      'img/twitter/64',
    );
    type Kind = 'crop' | 'squish' | 'rgba';
    /**
     * The largest difference of each format, kind and side; the files have 64x64 pixels. Made smaller, edges differ:
     * libvips repeats the outermost pixels, Pillow counts those that are there. libwebp scales in its own way.
     */
    const cases: [format: string, kind: Kind, side: number, most: number][] = [
      ['png', 'crop', 64, 0],
      ['png', 'crop', 100, 1],
      ['png', 'squish', 160, 1],
      ['png', 'rgba', 90, 4],
      ...['png', 'jpeg', 'gif', 'tiff'].flatMap((format): typeof cases => [
        [format, 'squish', 100, 1],
        [format, 'crop', 48, 5],
        [format, 'crop', 24, 17],
        [format, 'crop', 12, 20],
      ]),
      ['png', 'rgba', 40, 14],
      ['webp', 'crop', 100, 1],
      ['webp', 'crop', 64, 0],
      ['webp', 'crop', 48, 46],
    ];
    let pixels: Buffer;
    const made = new Map<string, string[]>();
    before(async function () {
      const python = await pythonWith('PIL');
      if (python === undefined || !existsSync(emoji)) {
        console.log('      skipped: needs python3 with PIL, and emoji-datasource-twitter');
        this.skip();
      }
      const all = readdirSync(emoji).sort();
      const files = all
        .filter((_, i) => i % Math.floor(all.length / count) === 0)
        .map((name) => path.join(emoji, name));
      made.set('png', files);
      for (const format of ['jpeg', 'webp', 'gif', 'tiff'] as const)
        made.set(
          format,
          await Promise.all(
            files.slice(0, files.length / 2).map(async (file, i) => {
              const to = path.join(dir, `${i}.${format}`);
              await sharp(file).flatten({background: 'white'}).toFormat(format).toFile(to);
              return to;
            }),
          ),
        );
      const input = cases.flatMap(([format, kind, side]) =>
        made.get(format)!.map((file) => `${kind} ${side} ${file}\n`),
      );
      const {stdout, stderr, status} = spawnSync(python, [script], {input: input.join(''), maxBuffer: 2 ** 30});
      expect(status, String(stderr)).to.equal(0);
      pixels = stdout;
    });

    const bytesOf = ([format, kind, side]: (typeof cases)[number]): number =>
      made.get(format)!.length * side * side * (kind === 'rgba' ? 4 : 3);

    for (const [n, [format, kind, side, most]] of cases.entries())
      it(`${format}, ${kind} to ${side}: at most ${most}`, async () => {
        const channels = kind === 'rgba' ? 4 : 3;
        let at = cases.slice(0, n).reduce((sum, each) => sum + bytesOf(each), 0);
        let found = 0;
        for (const file of made.get(format)!) {
          const resize = kind === 'squish' ? kind : 'crop';
          const data = await decodeImage(file, {size: [side, side], channels, resize});
          for (let k = 0; k < data.length; k++) {
            const alpha = kind === 'rgba' && k % 4 < 3 ? pixels[at + (k | 3)]! / 255 : 1; // so much of a colour is seen
            found = Math.max(found, alpha * Math.abs(data[k]! - pixels[at + k]!));
          }
          at += data.length;
        }
        expect(found).to.be.at.most(most);
      });
  });
});
