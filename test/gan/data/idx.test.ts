import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {gzipSync} from 'node:zlib';
import {decodeImage} from '../../../dist/gan/data/decode.js';
import sharp from 'sharp';
import {readIdx} from '../../../dist/gan/data/idx.js';
import {findIdx, idxSource, readIdxSet, type IdxSet} from '../../../dist/gan/data/idx-set.js';
import {createLoader} from '../../../dist/gan/data/loader.js';
import type {FiniteSource} from '../../../dist/gan/data/types.js';
import {Rng} from '../../../dist/gan/rng.js';
import {collect, ganError, inFolder, itemsOf} from './helpers.js';

const run = promisify(execFile);

/** A file as its format says, byte by byte. */
function idx(shape: readonly number[], values: Uint8Array, type = 8): Buffer {
  const sizes = shape.map((side) => [(side >>> 24) & 255, (side >>> 16) & 255, (side >>> 8) & 255, side & 255]);
  return Buffer.from([0, 0, type, shape.length, ...sizes.flat(), ...values]);
}

/** `items` images [2, 3]: image i holds 6 i, 6 i + 1, ... */
const counting = (items: number): Uint8Array => Uint8Array.from({length: items * 6}, (_, i) => i);

async function writeSet(dir: string, items: number, stem = 'train'): Promise<{images: string; labels: string}> {
  const paths = {images: join(dir, `${stem}-images-idx3-ubyte`), labels: join(dir, `${stem}-labels-idx1-ubyte`)};
  await writeFile(paths.images, idx([items, 2, 3], counting(items)));
  await writeFile(
    paths.labels,
    idx(
      [items],
      Uint8Array.from({length: items}, (_, i) => i % 3),
    ),
  );
  return paths;
}

const plain = {size: [2, 3], channels: 1, resize: 'pad'} as const;

describe('IDX files', () => {
  it('are read with any number of sizes, compressed or not', () =>
    inFolder(async (dir) => {
      const [path, packed] = [join(dir, 'a'), join(dir, 'b')];
      await writeFile(path, idx([4, 2, 3], counting(4)));
      await writeFile(packed, gzipSync(idx([5], Uint8Array.of(1, 2, 3, 2, 1))));
      expect(await readIdx(path)).to.deep.include({shape: [4, 2, 3]});
      expect([...(await readIdx(path)).data]).to.deep.equal([...counting(4)]);
      expect(await readIdx(packed)).to.deep.include({shape: [5]});
    }));

  const files: [what: string, bytes: Buffer, says: RegExp][] = [
    ['an empty file', Buffer.alloc(0), /begins with nothing, not with 00 00 08/],
    ['a PNG file', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d]), /no IDX file of bytes: it begins with 89 50 4e 47/],
    ['an IDX file of floats', idx([1], Uint8Array.of(0, 0, 0, 0), 0x0d), /begins with 00 00 0d 01/],
    ['a header that is cut short', idx([4, 2, 3], new Uint8Array()).subarray(0, 9), /9 of 16 bytes of its header/],
    ['pixels that are cut short', idx([4, 2, 3], counting(3)), /34 bytes, and 40 for the shape \[4, 2, 3\]/],
    ['bytes after the last one', idx([4, 2, 3], counting(5)), /too long: 46 bytes, and 40/],
    ['gzip that is cut short', gzipSync(idx([90, 2, 3], counting(90))).subarray(0, 60), /cannot be decompressed/],
  ];
  for (const [what, bytes, says] of files) {
    it(`refuse ${what}: exit 5`, () =>
      inFolder(async (dir) => {
        const path = join(dir, 'images');
        await writeFile(path, bytes);
        const error = await ganError(() => readIdx(path));
        expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
        expect(error.message).to.match(says).and.to.contain(path);
      }));
  }

  it('are found by their content: in a folder without other images, the ones for training, with their labels', () =>
    inFolder(async (dir) => {
      const test = await writeSet(dir, 4, 't10k');
      expect(await findIdx(dir)).to.deep.equal(test);
      const train = await writeSet(dir, 6);
      await writeFile(join(dir, 'readme.txt'), 'text');
      expect(await findIdx(dir)).to.deep.equal(train);
      expect(await findIdx(test.images)).to.deep.equal(test);
      await writeFile(join(dir, 'photo.jpg'), '');
      expect(await findIdx(dir)).to.equal(undefined);
      expect(await findIdx(join(dir, 'nowhere'))).to.equal(undefined);
      expect((await ganError(() => findIdx(train.labels))).message).to.contain('holds no images');
      expect((await ganError(() => findIdx(join(dir, 'readme.txt')))).exitCode).to.equal(5);
    }));

  it('refuse labels of other images', () =>
    inFolder(async (dir) => {
      const {images, labels} = await writeSet(dir, 6);
      await writeFile(labels, idx([5], new Uint8Array(5)));
      expect((await ganError(() => readIdxSet({images, labels}))).message).to.contain(
        'has labels [5] for the 6 images',
      );
    }));
});

describe('images of IDX files', () => {
  const withSet = (items: number, use: (set: IdxSet) => Promise<void> | void) =>
    inFolder(async (dir) => use(await readIdxSet(await writeSet(dir, items))));

  it('are padded with black, and grey in every channel', () =>
    withSet(4, async (set) => {
      const source = idxSource(set, {...plain, size: [4, 5], channels: 3});
      expect(source).to.deep.include({shape: [4, 5, 3], size: 4, classes: 3});
      const wanted = new Uint8Array(60);
      for (const [i, value] of [6, 7, 8, 9, 10, 11].entries())
        wanted.fill(
          value,
          ((1 + Math.floor(i / 3)) * 5 + 1 + (i % 3)) * 3,
          ((1 + Math.floor(i / 3)) * 5 + 2 + (i % 3)) * 3,
        );
      expect([...(await source.read(1))]).to.deep.equal([...wanted]);
      expect(source.label!(1)).to.equal(1);
    }));

  it('are resized as image files are', () =>
    withSet(20, async (set) => {
      const options = {size: [8, 8], channels: 1, resize: 'squish'} as const;
      const source = idxSource(set, {...options, decoding: 1});
      const pixels = await sharp(counting(20).subarray(60, 66), {raw: {width: 3, height: 2, channels: 1}})
        .resize(8, 8, {fit: 'fill', kernel: 'linear'})
        .toColourspace('b-w')
        .raw()
        .toBuffer();
      expect([...(await source.read(10))]).to.deep.equal([...pixels]);
      const file = await sharp(counting(20).subarray(60, 66), {raw: {width: 3, height: 2, channels: 1}})
        .png()
        .toBuffer();
      expect(await idxSource(set, options).read(10)).to.deep.equal(await decodeImage(file, options));
    }));

  it('are stacked by their index: three images as channels, classes as digits', () =>
    withSet(30, async (set) => {
      const source = idxSource(set, {...plain, channels: 3, stacked: true});
      expect(source).to.deep.include({size: 30, classes: 27});
      const again = idxSource(set, {...plain, channels: 3, stacked: true});
      const other = idxSource(set, {...plain, channels: 3, stacked: true, seed: 1});
      const imagesOf = ({read}: FiniteSource) => Promise.all(Array.from({length: 30}, async (_, i) => read(i)));
      const all = await imagesOf(source);
      expect(await imagesOf(again)).to.deep.equal(all);
      expect(await imagesOf(other)).not.to.deep.equal(all);
      for (const [i, image] of all.entries()) {
        const [a, b, c] = [image[0]! / 6, image[1]! / 6, image[2]! / 6]; // the numbers of the three images
        expect([image[3]! - 6 * a!, image[4]! - 6 * b!, image[5]! - 6 * c!]).to.deep.equal([1, 1, 1]);
        expect(source.label!(i)).to.equal(9 * (a! % 3) + 3 * (b! % 3) + (c! % 3));
      }
      expect((await ganError(() => idxSource(set, {...plain, stacked: true}))).message).to.contain('3 channels');
    }));

  it('come with their labels in every batch, in mid-epoch as well', () =>
    withSet(40, async (set) => {
      const loader = createLoader(idxSource(set, plain), {batchSize: 4, rng: new Rng(1)});
      const all = await collect(loader, 3);
      const rest = await collect(loader, 3, 4);
      expect(itemsOf(rest)).to.deep.equal(itemsOf(all.slice(4)));
      expect(rest.map(({labels}) => [...labels!])).to.deep.equal(all.slice(4).map(({labels}) => [...labels!]));
      for (const {target, labels} of all)
        for (let i = 0; i < 4; i++) expect(labels![i]).to.equal((target.data[6 * i]! / 6) % 3);
    }));
});

const debian = '/usr/share/datasets/fashion-mnist';

describe('Fashion-MNIST', () => {
  it("is read as Python's gzip and struct read it", async function () {
    if (!existsSync(debian)) {
      console.log('    skipped: apt install dataset-fashion-mnist');
      return this.skip();
    }
    const script = `
import gzip, hashlib, struct, sys
images = gzip.open(sys.argv[1] + '/t10k-images-idx3-ubyte.gz').read()
labels = gzip.open(sys.argv[1] + '/t10k-labels-idx1-ubyte.gz').read()
magic, n, rows, columns = struct.unpack('>iiii', images[:16])
print(magic, n, rows, columns, hashlib.sha256(images[16:]).hexdigest(), *labels[8:28])`;
    const python = await run('python3', ['-c', script, debian]).catch(() => undefined);
    if (!python) {
      console.log('    skipped: there is no Python');
      return this.skip();
    }
    const {images, labels} = await readIdxSet((await findIdx(join(debian, 't10k-images-idx3-ubyte.gz')))!);
    const facts = [2051, ...images.shape, createHash('sha256').update(images.data).digest('hex')];
    expect([...facts, ...labels!.data.subarray(0, 20)].join(' ')).to.equal(python.stdout.trim());
  });
});
