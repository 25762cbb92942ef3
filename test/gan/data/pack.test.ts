import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {appendFile, copyFile, mkdir, readFile, readdir, stat, truncate, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import sharp from 'sharp';
import {GanError} from '../../../dist/errors.js';
import {inspectRecords} from '../../../dist/gan/data/inspect.js';
import {packRecords} from '../../../dist/gan/data/pack.js';
import {recordSource} from '../../../dist/gan/data/record-source.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {Rng} from '../../../dist/gan/rng.js';
import {ganError, inFolder} from './helpers.js';

const options = {size: [8, 8], channels: 3, resize: 'crop'} as const;

/** 20 photos of noise in two classes, of which one is broken. */
async function photosIn(dir: string): Promise<string> {
  const rng = new Rng(3);
  for (const name of ['ants', 'bees']) await mkdir(join(dir, 'photos', name), {recursive: true});
  for (let i = 0; i < 20; i++) {
    const data = Uint8Array.from({length: 10 * 12 * 3}, () => rng.int(256));
    const file = join(dir, 'photos', i % 2 ? 'ants' : 'bees', `${i + 10}.png`);
    await sharp(data, {raw: {width: 10, height: 12, channels: 3}})
      .png()
      .toFile(file);
  }
  await truncate(join(dir, 'photos/bees/14.png'), 100);
  return join(dir, 'photos');
}

/** What the lock of a process of this boot has, where the system tells it. */
function bootOf(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** A safetensors file, read as its documentation says. */
async function safetensors(path: string) {
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    {dtype: string; shape: number[]; data_offsets: [number, number]}
  >;
  const tensor = (name: string) => {
    const {data_offsets, dtype, shape} = header[name]!;
    return {dtype, shape, data: bytes.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1])};
  };
  return {tensor, end: 8 + length + header['names']!.data_offsets[1], size: bytes.length};
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describe('packed sets', () => {
  it('are safetensors files with the pixels, names, labels and checksums of all pictures that can be read', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const file = join(dir, 'packed.safetensors');
      const made = await packRecords(photos, file, options);
      expect(made).to.deep.include({files: [file], pictures: 19, resumed: 0, interrupted: false});
      expect(made.skipped.map(({path}) => path)).to.deep.equal([join(dir, 'photos/bees/14.png')]);
      expect((await readdir(dir)).sort()).to.deep.equal(['packed.safetensors', 'photos']);

      const decoded = recordSource(photos, options);
      const kept = [...Array(20).keys()].filter((index) => photos.name(index) !== 'bees/14.png');
      const {tensor, end, size} = await safetensors(file);
      expect(size).to.equal(end);
      const images = tensor('images');
      expect(images).to.deep.include({dtype: 'U8', shape: [19, 8, 8, 3]});
      const sums = tensor('checksums').data;
      const wanted = await Promise.all(kept.map(async (index) => decoded.read(index)));
      for (const [i, pixels] of wanted.entries()) {
        const stored = images.data.subarray(i * 192, (i + 1) * 192);
        expect([...stored]).to.deep.equal([...pixels]);
        expect(sums.readUInt32LE(4 * i)).to.equal(crc32(stored));
      }
      expect(JSON.parse(tensor('names').data.toString())).to.deep.equal(kept.map((index) => photos.name(index)));
      expect(JSON.parse(tensor('classes').data.toString())).to.deep.equal(['ants', 'bees']);

      const packed = await openRecords(file);
      expect(describeRecords(packed)).to.equal('packed set, 19 pictures, 2 labels');
      expect([...packed.labels!.of]).to.deep.equal(kept.map((index) => photos.labels!.of[index]));
      const source = recordSource(packed, options);
      for (const [i, pixels] of wanted.entries()) expect(await source.read(i)).to.deep.equal(pixels);
    }));

  it('go on where they were stopped, with the same bytes; what is there stays, and nothing else is written over', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const [whole, parts] = [join(dir, 'whole.safetensors'), join(dir, 'parts.safetensors')];
      await packRecords(photos, whole, options);
      const stop = new AbortController();
      const progress = (done: number): void => {
        if (done === 6) stop.abort();
      };
      const slow = {...photos, read: async (index: number) => photos.read(index)};
      let reads = 0;
      slow.read = async (index) => {
        if (++reads > 9) await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
        return photos.read(index);
      };
      const first = await packRecords(slow, parts, {...options, signal: stop.signal, progress});
      expect(first.interrupted).to.equal(true);
      expect(await stat(parts).catch(() => undefined)).to.equal(undefined);
      // as after a kill: more has been written than is noted
      await appendFile(`${parts}.part`, Buffer.alloc(500, 7));
      const second = await packRecords(photos, parts, options);
      expect(second.resumed).to.equal(first.pictures).and.to.be.greaterThan(4);
      expect(second.skipped).to.have.length(1);
      expect(await sha256(parts)).to.equal(await sha256(whole));
      expect((await packRecords(photos, parts, options)).resumed).to.equal(19);
      const error = await ganError(() => packRecords(photos, parts, {...options, size: [4, 4]}));
      expect(error).to.include({code: 'GAN_PATH', exitCode: 2});
      expect(await sha256(parts)).to.equal(await sha256(whole));

      await packRecords({...photos}, join(dir, 'again.safetensors'), {...options, signal: AbortSignal.abort()});
      await copyFile(whole, join(dir, 'again.safetensors.part'));
      const state = join(dir, 'again.safetensors.part.json');
      const kept = JSON.parse(await readFile(state, 'utf8')) as object;
      await writeFile(state, JSON.stringify({...kept, done: 5, kept: [0, 1, 2, 3, 4], crc: 1})); // not these bytes
      expect((await packRecords(photos, join(dir, 'again.safetensors'), options)).resumed).to.equal(0);
      expect(await sha256(join(dir, 'again.safetensors'))).to.equal(await sha256(whole));
    }));

  it('are written by one process at a time; the lock of one that has ended does not count', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const file = join(dir, 'packed.safetensors');
      const first = packRecords(photos, file, options);
      const second = await ganError(() => packRecords(photos, file, options));
      expect(second).to.include({code: 'GAN_FILE_IN_USE', exitCode: 2});
      expect(second.message).to.contain(`The process ${process.pid} on`).and.contain(file);
      expect((await first).pictures).to.equal(19);
      const {pid} = spawnSync(process.execPath, ['-e', '']);
      const boot = bootOf();
      await writeFile(`${file}.lock`, JSON.stringify({pid, boot, host: hostname(), token: 'x'}));
      expect((await packRecords(photos, file, options)).resumed).to.equal(19);
      await writeFile(`${file}.lock`, JSON.stringify({pid, host: 'elsewhere', token: 'x'}));
      const third = await ganError(() => packRecords(photos, file, options));
      expect(third.suggestions.join()).to.contain(`delete ${file}.lock`);
      expect((await readdir(dir)).sort()).to.deep.equal(['packed.safetensors', 'packed.safetensors.lock', 'photos']);
      // a host of the same name whose system tells of its boot what this one's does not, or the other way round
      const other = boot === undefined ? {boot: 'a Linux'} : {};
      await writeFile(`${file}.lock`, JSON.stringify({pid, ...other, host: hostname(), token: 'x'}));
      expect(await ganError(() => packRecords(photos, file, options))).to.include({code: 'GAN_FILE_IN_USE'});
    }));

  it('are not written by a process whose lock another one has taken over', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const file = join(dir, 'packed.safetensors');
      const others = JSON.stringify({pid: 1, host: 'elsewhere', token: '0123456789abcdef'});
      const progress = (done: number): void => {
        if (done === 20) writeFileSync(`${file}.lock`, others);
      };
      const error = await ganError(() => packRecords(photos, file, {...options, progress}));
      expect(error).to.include({code: 'GAN_FILE_IN_USE', exitCode: 2});
      expect(error.message).to.contain('process 1 on elsewhere');
      expect(await readFile(`${file}.lock`, 'utf8')).to.equal(others);
      const left = ['packed.safetensors.lock', 'packed.safetensors.part', 'photos'];
      expect((await readdir(dir)).sort()).to.deep.equal(left);
    }));

  it('are spread over files, which are one set again', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const {files} = await packRecords(photos, join(dir, 'shards.safetensors'), {...options, shards: 3});
      expect(files.map((file) => file.slice(dir.length + 1))).to.deep.equal(
        [0, 1, 2].map((i) => `shards-0000${i}-of-00003.safetensors`),
      );
      await mkdir(join(dir, 'packed'));
      for (const file of files) await copyFile(file, join(dir, 'packed', file.slice(dir.length + 1)));
      const packed = await openRecords(join(dir, 'packed'));
      expect(describeRecords(packed)).to.equal('3 packed sets, 19 pictures, 2 labels');
      const [a, b] = [recordSource(packed, options), recordSource(photos, options)];
      expect(await a.read(18)).to.deep.equal(await b.read(19));
    }));

  it('keep attributes: several of a picture, none, and that nobody has said', () =>
    inFolder(async (dir) => {
      await photosIn(dir);
      const rows = ['bees/10.png,1,-1', 'ants/11.png,1,1', 'bees/12.png,-1,-1', 'ants/13.png,,'];
      await writeFile(join(dir, 'photos/list.csv'), ['file,small,striped', ...rows].join('\n'));
      const listed = await openRecords(join(dir, 'photos/list.csv'));
      const file = join(dir, 'packed.safetensors');
      await packRecords(listed, file, options);
      const {tensor} = await safetensors(file);
      expect([...tensor('attributes').data]).to.deep.equal([1, 0, 1, 1, 0, 0, 255, 255]);
      const {labels} = await openRecords(file);
      expect(labels).to.deep.equal(listed.labels);
    }));

  it('of pictures that are all broken are not made, and leave nothing', () =>
    inFolder(async (dir) => {
      await mkdir(join(dir, 'photos'));
      for (const name of ['a.png', 'b.png']) await writeFile(join(dir, 'photos', name), 'no picture');
      const photos = await openRecords(join(dir, 'photos'));
      const error = await ganError(() => packRecords(photos, join(dir, 'packed.safetensors'), options));
      expect(error).to.include({code: 'GAN_DATA_BROKEN', exitCode: 5});
      expect(error.message).to.contain(join(dir, 'photos')).and.contain('a.png');
      const gone = {...photos, read: () => Promise.reject(new GanError('data', 'GAN_NETWORK', 'no network'))};
      const lost = await ganError(() => packRecords(gone, join(dir, 'packed.safetensors'), options));
      expect(lost).to.include({code: 'GAN_NETWORK'});
      expect(await readdir(dir)).to.deep.equal(['photos']);
    }));

  it('are refused when they are cut short or lie; a picture that has changed is broken', () =>
    inFolder(async (dir) => {
      const photos = await openRecords(await photosIn(dir));
      const file = join(dir, 'packed.safetensors');
      await packRecords(photos, file, options);
      const bytes = await readFile(file);
      const variant = async (name: string, content: Buffer): Promise<string> => {
        await writeFile(join(dir, name), content);
        return join(dir, name);
      };
      const refused = async (content: Buffer) => ganError(async () => openRecords(await variant('bad', content)));
      expect((await refused(bytes.subarray(0, -1))).message).to.contain('broken packed set, or cut short');
      const lying = Buffer.from(bytes.toString('latin1').replace('[19,8,8,3]', '[99,8,8,3]'), 'latin1');
      expect((await refused(lying)).message).to.contain("'images' of shape [99, 8, 8, 3] lies at 0 to 3648");
      const flipped = Buffer.from(bytes);
      flipped[4096 + 192 * 2]! ^= 1;
      const records = await openRecords(await variant('flipped', flipped));
      const reason = await records.read(2).catch((error: unknown) => error as Error);
      expect((reason as Error).message).to.equal('its checksum is wrong');
      expect(await records.read(3)).to.have.property('data');
    }));
});

describe('an inspection', () => {
  it('counts sizes, colours, labels, and finds duplicates, broken and nearly empty pictures', () =>
    inFolder(async (dir) => {
      const photos = await photosIn(dir);
      await copyFile(join(photos, 'ants/11.png'), join(photos, 'bees/copy.png'));
      const plain = (channels: 3 | 4, width: number, background: {r: number; g: number; b: number; alpha: number}) =>
        sharp({create: {width, height: 12, channels, background}}).png();
      await plain(3, 10, {r: 9, g: 9, b: 9, alpha: 1}).toFile(join(photos, 'bees/grey.png'));
      await plain(4, 90, {r: 200, g: 0, b: 0, alpha: 1}).toFile(join(photos, 'bees/red.png'));
      const found = await inspectRecords(await openRecords(photos));
      expect(found).to.deep.include({
        pictures: 23,
        sizes: [
          {what: '10x12', count: 21},
          {what: '90x12', count: 1},
        ],
        smallest: '10x12',
        largest: '90x12',
        formats: [{what: 'png', count: 22}],
        colours: [
          {what: 'colour', count: 21},
          {what: 'colour with transparency', count: 1},
        ],
        greyInColour: 1,
        duplicates: {count: 1, examples: [{name: 'bees/copy.png', sameAs: 'ants/11.png'}]},
        nearlyEmpty: {count: 2, examples: ['bees/grey.png', 'bees/red.png']},
        labels: [
          {label: 'ants', count: 10},
          {label: 'bees', count: 13},
        ],
        withoutLabel: 0,
      });
      expect(found.broken.count).to.equal(1);
      expect(found.broken.examples[0]!.path).to.equal(join(photos, 'bees/14.png'));
      expect(found.broken.examples[0]!.reason).not.to.equal('');
      expect(found.mean.every((value) => value > 100 && value < 140)).to.equal(true);
    }));
});
