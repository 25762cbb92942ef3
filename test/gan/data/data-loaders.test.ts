import {expect} from 'chai';
import {copyFile, mkdir, readFile, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import sharp from 'sharp';
import {fromBatches, fromFolder, fromSource} from '../../../dist/gan/data/data-loaders.js';
import {indexSplitter, parentSplitter, randomSplitter} from '../../../dist/gan/data/splitters.js';
import type {Batch} from '../../../dist/gan/data/types.js';
import {collect, ganError, inFolder, itemsOf, numbers} from './helpers.js';

const emoji = join(
  dirname(createRequire(import.meta.url).resolve('emoji-datasource-twitter/package.json')),
  'img/twitter/64',
);

/** A folder of 12 good JPEG files of one grey level each, 10 to 120. */
async function greyFolder(dir: string): Promise<void> {
  for (let level = 10; level <= 120; level += 10) {
    const picture = sharp({create: {width: 8, height: 8, channels: 3, background: {r: level, g: level, b: level}}});
    await picture.jpeg({quality: 100}).toFile(join(dir, `level-${String(level).padStart(3, '0')}.jpg`));
  }
}

/** Adds a cut-off JPEG, a text that claims to be a PNG, and a file of 0 bytes. */
async function addBroken(dir: string): Promise<void> {
  const noise = Uint8Array.from({length: 64 * 64 * 3}, (_, i) => (i * 7919) % 251);
  const whole = await sharp(noise, {raw: {width: 64, height: 64, channels: 3}})
    .jpeg()
    .toBuffer();
  await writeFile(join(dir, 'truncated.jpg'), whole.subarray(0, whole.length / 2));
  await writeFile(join(dir, 'text.png'), 'this is not an image\n');
  await writeFile(join(dir, 'zero.webp'), '');
}

describe('fromFolder', () => {
  it('gives bytes of every file, NHWC', () =>
    inFolder(async (dir) => {
      await greyFolder(dir);
      const {train, valid, normalization} = await fromFolder(dir, {size: [4, 6], batchSize: 4});
      const batches = await collect(train);
      expect(valid).to.equal(undefined);
      expect(normalization.channels).to.equal(3);
      expect(batches.map(({target}) => target.shape)).to.deep.equal([
        [4, 4, 6, 3],
        [4, 4, 6, 3],
        [4, 4, 6, 3],
      ]);
      const levels = itemsOf(batches).filter((_, i) => i % 72 === 0);
      expect(levels.sort((a, b) => a - b)).to.deep.equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    }));

  it('warns once about a truncated, a mislabelled and an empty file, and puts good ones in their place', () =>
    inFolder(async (dir) => {
      await greyFolder(dir);
      await addBroken(dir);
      const warnings: string[] = [];
      const {train, report} = await fromFolder(dir, {
        size: 4,
        channels: 1,
        batchSize: 5,
        warn: (message) => warnings.push(message),
      });
      for (const epoch of [0, 1, 2]) {
        const batches = await collect(train, epoch);
        expect(batches).to.have.length(3);
        for (const level of itemsOf(batches)) expect(level % 10, 'a grey level of a good file').to.equal(0);
      }
      expect(warnings).to.have.length(3);
      expect(report().items).to.equal(15);
      expect(
        report()
          .skipped.map(({path}) => path)
          .sort(),
      ).to.deep.equal(['text.png', 'truncated.jpg', 'zero.webp'].map((name) => join(dir, name)));
      for (const {path, reason} of report().skipped) {
        expect(reason).to.match(/\w/).and.not.contain('\n');
        expect(warnings.filter((message) => message.includes(path))).to.have.length(1);
      }
    }));

  it('ends with GAN_DATA_BROKEN when no file is an image', () =>
    inFolder(async (dir) => {
      await addBroken(dir);
      const {train} = await fromFolder(dir, {size: 4, batchSize: 2});
      expect(await ganError(() => collect(train))).to.include({code: 'GAN_DATA_BROKEN', kind: 'data'});
    }));

  it('decodes a file once when it fits into the cache, every epoch when there is none', () =>
    inFolder(async (dir) => {
      await greyFolder(dir);
      const cached = await fromFolder(dir, {size: 4, batchSize: 12});
      const plain = await fromFolder(dir, {size: 4, batchSize: 12, cacheBytes: 0});
      const before = await collect(cached.train, 1);
      expect(await collect(plain.train, 1)).to.deep.equal(before);
      const path = join(dir, 'level-010.jpg');
      await writeFile(path, await readFile(join(dir, 'level-120.jpg')));
      expect(await collect(cached.train, 1)).to.deep.equal(before);
      expect(await collect(plain.train, 1)).not.to.deep.equal(before);
    }));

  it('splits by folder; the validation part is whole and in order', () =>
    inFolder(async (dir) => {
      for (const name of ['train', 'valid']) await mkdir(join(dir, name));
      await greyFolder(join(dir, 'train'));
      await greyFolder(join(dir, 'valid'));
      const {train, valid, report} = await fromFolder(dir, {
        size: 2,
        channels: 1,
        batchSize: 5,
        splitter: parentSplitter(),
      });
      expect([train.size, train.length, valid?.size, valid?.length]).to.deep.equal([12, 2, 12, 3]);
      expect(itemsOf(await collect(valid!)).filter((_, i) => i % 4 === 0)).to.deep.equal([
        10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120,
      ]);
      expect(report().items).to.equal(24);
    }));

  it('reads emoji with transparency as RGB on white and as RGBA', () =>
    inFolder(async (dir) => {
      for (const name of ['1f600.png', '1f431.png', '1f680.png', '2764-fe0f.png'])
        await copyFile(join(emoji, name), join(dir, name));
      const [rgb] = await collect((await fromFolder(dir, {size: 32, batchSize: 4, shuffle: false})).train);
      const [rgba] = await collect(
        (await fromFolder(dir, {size: 32, batchSize: 4, shuffle: false, channels: 4})).train,
      );
      for (let item = 0; item < 4; item++) {
        const corner = item * 32 * 32;
        expect([...rgb!.target.data.subarray(corner * 3, corner * 3 + 3)]).to.deep.equal([255, 255, 255]);
        expect(rgba!.target.data[corner * 4 + 3]).to.equal(0);
        expect(rgba!.target.data[(corner + 16 * 32 + 16) * 4 + 3]).to.equal(255);
      }
    }));
});

describe('fromSource', () => {
  it('gives training and validation disjoint parts, the same whatever the order of use', async () => {
    const make = () => fromSource(numbers(50), {batchSize: 5, seed: 3, splitter: randomSplitter(20, 3)});
    const a = make();
    const b = make();
    const validFirst = [await collect(a.valid!), await collect(a.train)];
    const trainFirst = [await collect(b.train), await collect(b.valid!)];
    expect(validFirst).to.deep.equal(trainFirst.reverse());
    expect(new Set(validFirst.flatMap(itemsOf)).size).to.equal(50);
  });

  it('gives training and validation different noise', async () => {
    const {train, valid} = fromSource(numbers(8), {batchSize: 4, splitter: indexSplitter([0, 1, 2, 3])});
    expect((await collect(train))[0]!.input.data).not.to.deep.equal((await collect(valid!))[0]!.input.data);
  });

  it('has no validation part when nothing is held out, and passes names to the splitter', () => {
    expect(fromSource(numbers(5), {batchSize: 1, splitter: indexSplitter([])})).not.to.have.property('valid');
    const names: string[] = [];
    fromSource(numbers(2), {batchSize: 1, splitter: (items) => (names.push(...items), {train: [0, 1], valid: []})});
    expect(names).to.deep.equal(['number 0', 'number 1']);
  });

  it('cannot split an endless source', async () => {
    const endless = {shape: [1], batch: (n: number) => new Float32Array(n)};
    expect(await ganError(() => fromSource(endless, {batchSize: 1, splitter: randomSplitter(10)}))).to.include({
      code: 'GAN_DATA_SPLIT',
    });
  });
});

describe('fromBatches', () => {
  it('repeats the batches each epoch, from any start', async () => {
    const batch = (value: number, size: number): Batch => ({
      input: {data: Float32Array.of(value), shape: [1, 1]},
      target: {data: Uint8Array.of(value), shape: [1, 1]},
      size,
    });
    const given = [batch(1, 2), batch(2, 2), batch(3, 1)];
    const {train, valid, report} = fromBatches(given, {valid: given.slice(1)});
    expect([train.batchSize, train.size, train.length, valid?.length]).to.deep.equal([2, 5, 3, 2]);
    expect(await collect(train, 4)).to.deep.equal(given);
    expect(await collect(train, 5, 2)).to.deep.equal([given[2]]);
    expect(report()).to.deep.equal({items: 8, skipped: []});
  });
});
