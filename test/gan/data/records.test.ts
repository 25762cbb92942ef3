import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {appendFile, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {setTimeout as tick} from 'node:timers/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import sharp from 'sharp';
import {identifyFiles} from '../../../dist/gan/data/identity.js';
import {inspectRecords} from '../../../dist/gan/data/inspect.js';
import {recordSource} from '../../../dist/gan/data/record-source.js';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import type {Records, StoredImage} from '../../../dist/gan/data/records/types.js';
import {pythonOrSkip} from '../../python.js';
import {serve} from './server.js';
import {retries} from '../../../dist/gan/io/remote/transport.js';
import {dataDifference} from '../../../dist/gan/data/identity.js';
import {Rng} from '../../../dist/gan/rng.js';
import {ganError, inFolder} from './helpers.js';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'records.py');
const debian = '/usr/share/datasets/fashion-mnist';

type Expected = Record<
  string,
  {records: [name: string, sha256: string, label: string | null][]; classes: string[] | null}
>;

const all = <T>(records: Records, use: (index: number) => T): T[] =>
  Array.from({length: records.size}, (_, index) => use(index));

async function sha256(stored: StoredImage): Promise<string> {
  const bytes =
    typeof stored === 'string' ? await readFile(stored) : stored instanceof Uint8Array ? stored : stored.data;
  return createHash('sha256').update(bytes).digest('hex');
}

describe('sets of pictures that Python wrote', () => {
  let dir: string;
  let expected: Expected;
  let files: number;
  const at = (name: string): string => join(dir, name);
  const filesIn = async (): Promise<number> => (await readdir(dir, {recursive: true})).length;

  before(async function () {
    const python = await pythonOrSkip(this, 'numpy');
    dir = await mkdtemp(join(tmpdir(), 'gan-records-'));
    const {stdout} = await run(python, [script, dir], {maxBuffer: 1 << 26});
    expected = JSON.parse(stdout) as Expected;
    files = await filesIn();
  });
  after(async () => {
    if (dir) await rm(dir, {recursive: true, force: true});
  });

  const sets = `photos stored.zip deflated.zip streamed.zip linked.zip stylegan.zip ustar.tar gnu.tar pax.tar shards
    json.tar views.tar nhwc.npy nchw.npy grey-images.npy set.npz keras.npz deep.npy deep.npz bits.npy cifar cifar100.bin
    mnist list.csv plain.csv list.jsonl list.json`.split(/\s+/);
  for (const name of sets) {
    it(`${name}: names, content and labels, in any order`, async () => {
      const {records: wanted, classes} = expected[name]!;
      const records = await openRecords(at(name));
      const hashes: string[] = [];
      for (const index of all(records, (i) => i).reverse()) hashes[index] = await sha256(await records.read(index));
      const label = (i: number) => (records.labels ? (records.labels.classes[records.labels.of[i]!] ?? null) : null);
      expect(all(records, (i) => [records.name(i), hashes[i], label(i)])).to.deep.equal(wanted);
      expect(records.labels?.classes ?? null).to.deep.equal(classes);
    });
  }

  it('are the same from a server that breaks every tenth connection, and nothing is fetched twice', async () => {
    const folders: Record<string, string> = {
      shards: 'shards/train-{0000..0002}.tar',
      cifar: 'cifar/data_batch_{1..2}.bin',
      mnist: 'mnist/train-images-idx3-ubyte.gz',
    };
    const before = process.env['GAN_CACHE_DIR'];
    const cache = await mkdtemp(join(tmpdir(), 'gan-records-cache-'));
    const server = await serve(dir);
    const {firstWaitMs} = retries;
    Object.assign(server, {dropEvery: 10});
    retries.firstWaitMs = 5;
    process.env['GAN_CACHE_DIR'] = cache;
    try {
      for (const name of sets.filter((each) => each !== 'photos')) {
        const {records: wanted, classes} = expected[name]!;
        const here = await openRecords(at(name));
        const there = await openRecords(`${server.url}/${folders[name] ?? name}`);
        const hashes = await Promise.all(all(there, async (i) => sha256(await there.read(i))));
        const label = (i: number) => (there.labels ? (there.labels.classes[there.labels.of[i]!] ?? null) : null);
        expect(
          all(there, (i) => [there.name(i), hashes[i], label(i)]),
          name,
        ).to.deep.equal(wanted);
        expect(there.labels?.classes ?? null).to.deep.equal(classes);
        expect(dataDifference(await here.identify(), await there.identify()), name).to.equal(undefined);
        const asked = server.requests.length;
        for (let i = 0; i < there.size; i++) expect(await sha256(await there.read(i))).to.equal(hashes[i]);
        expect(server.requests.length).to.equal(asked);
      }
      expect(server.dropped).to.be.greaterThan(3);
    } finally {
      retries.firstWaitMs = firstWaitMs;
      if (before === undefined) delete process.env['GAN_CACHE_DIR'];
      else process.env['GAN_CACHE_DIR'] = before;
      await server.close();
      await rm(cache, {recursive: true});
    }
  });

  it('are all of them', () => expect(Object.keys(expected).sort()).to.deep.equal([...sets].sort()));

  it('are told in one line', async () => {
    const line = async (name: string) => describeRecords(await openRecords(at(name)));
    expect(await line('deflated.zip')).to.equal('zip archive, 12 pictures, 2 labels, 1 other file left out');
    expect(await line('pax.tar')).to.equal('tar archive, 14 pictures, 2 labels, 3 other files left out');
    expect(await line('shards')).to.equal('3 WebDataset shards, 12 pictures, 5 labels');
    expect(await line('linked.zip')).to.equal('zip archive, 1 picture, 1 other file left out');
    expect(await line('keras.npz')).to.match(/^numpy archive, 9 pictures, \d labels$/);
    expect(await line('cifar')).to.equal('2 CIFAR-10 files, 6 pictures, 10 labels');
    if (existsSync(debian)) {
      const records = await openRecords(debian);
      expect(describeRecords(records)).to.equal('IDX file, 60,000 pictures, 10 labels');
    } else console.log('    without Fashion-MNIST: apt install dataset-fashion-mnist');
  });

  it('are the same set as a folder and as an archive of it', async () => {
    const folder = await (await openRecords(at('photos'))).identify();
    for (const name of ['stored.zip', 'deflated.zip', 'streamed.zip'])
      expect(await (await openRecords(at(name))).identify(), name).to.deep.equal(folder);
    const {labels, ...files} = folder;
    const paths = (await openRecords(at('photos'))).files;
    expect(files).to.deep.equal(await identifyFiles(at('photos'), paths));
    expect(labels).to.be.a('string');
    for (const name of sets) {
      const identity = await (await openRecords(at(name))).identify();
      expect(identity.pictures ?? identity.items, name).to.equal(expected[name]!.records.length);
    }
  });

  it('give the pixels of a folder, decoded and resized', async () => {
    const options = {size: [4, 4], channels: 3, resize: 'squish'} as const;
    const [folder, zip, tar] = await Promise.all(
      ['photos', 'deflated.zip', 'shards'].map(async (name) => recordSource(await openRecords(at(name)), options)),
    );
    for (let i = 0; i < folder!.size; i++) expect(await zip!.read(i)).to.deep.equal(await folder!.read(i));
    expect([zip!.classes, zip!.label!(0), tar!.classes]).to.deep.equal([2, 0, 5]);
    expect((await tar!.read(0)).length).to.equal(48);
  });

  it('give pixels of arrays as they are, and resized as files are', async () => {
    const array = await openRecords(at('nhwc.npy'));
    const stored = (await array.read(2)) as {data: Uint8Array};
    const read = (size: readonly [number, number], channels: 1 | 3, resize: 'squish' | 'pad') =>
      recordSource(array, {size, channels, resize}).read(2);
    expect(await read([4, 5], 3, 'squish')).to.deep.equal(stored.data);
    const larger = await sharp(stored.data, {raw: {width: 5, height: 4, channels: 3}})
      .png()
      .toBuffer();
    const photo = recordSource({...array, read: () => Promise.resolve(larger)}, {size: [2, 3], resize: 'squish'});
    expect(await read([2, 3], 3, 'squish')).to.deep.equal(await photo.read(2));
    const padded = await read([6, 5], 3, 'pad');
    expect([...padded.subarray(0, 15)]).to.deep.equal(new Array(15).fill(0));
    expect(padded.subarray(15, 75)).to.deep.equal(stored.data);
    const [red, green, blue] = stored.data as unknown as [number, number, number];
    expect((await read([4, 5], 1, 'pad'))[0]).to.be.closeTo(0.299 * red + 0.587 * green + 0.114 * blue, 0.51);
  });

  it('give arrays of 16 bits as such, to networks too, and doubt those that are nearly black', async () => {
    const [array, dark] = [await openRecords(at('deep.npy')), await openRecords(at('more/dark.npy'))];
    const options = {size: [4, 5], channels: 3, depth: 16} as const;
    const {data} = (await array.read(3)) as {data: Uint16Array};
    const items = (await recordSource(array, options).read(3)) as Float32Array;
    items.forEach((value, i) => expect(value).to.be.closeTo(data[i]! / 32767.5 - 1, 1e-6));
    const bytes = await recordSource(array, {...options, depth: 8}).read(3);
    expect([...bytes]).to.deep.equal(Array.from(data, (value) => value >> 8));
    const {colours, doubtful} = await inspectRecords(dark);
    expect(colours).to.deep.equal([{what: 'colour, 16 bits', count: 9}]);
    expect(doubtful.count).to.equal(9);
    expect(doubtful.examples[0]!.reason).to.match(/no value above 40\d\d, and does not say its range/);
    const warnings: string[] = [];
    await recordSource(dark, {...options, warn: (message) => warnings.push(message)}).read(0);
    expect(warnings.join()).to.contain(`${at('more/dark.npy')} 0: it has 16 bits`);
    expect((await inspectRecords(array)).doubtful.count).to.equal(0);
  });

  const hostile: [name: string, says: RegExp, code?: string][] = [
    ['slip.zip', /\.\.\/evil\.png/],
    ['root.zip', /\/etc\/evil\.png/],
    ['windows.zip', /\.\.\/evil\.png/],
    ['cut.zip', /broken zip archive, or cut short/],
    ['middle.zip', /broken zip archive, or cut short/],
    ['noise.zip', /broken zip archive, or cut short/],
    ['overlap.zip', /'a\.png' and 'b\.png' lie over each other/],
    ['empty.zip', /zip archive, holds no picture/, 'GAN_DATA_EMPTY'],
    ['text.zip', /holds no picture among 2 files/, 'GAN_DATA_EMPTY'],
    ['slip.tar', /"\.\.\/evil\.png"/],
    ['root.tar', /"\/etc\/evil\.png"/],
    ['cut.tar', /says that it has \d+ bytes/],
    ['unmarked.tar', /without the blocks that mark its end/],
    ['noise.tar', /there is no header at 1024/],
    ['huge.tar', /says that it has 8589934591 bytes/],
    ['vast.tar', /says that it has/],
    ['negative.tar', /says that it has/],
    ['long-name.tar', /a name at 512 has 2097152 bytes/],
    ['pax.tar', /pax records are wrong/],
    ['photos.tar.gz', /compressed tar archive/],
    ['text.gz', /compressed by gzip/],
    ['a.7z', /7z archive/],
    ['text.bin', /begins with 73 6f 6d 65/],
    ['five.bin', /begins with 68 65 6c 6c/],
    ['float.npy', /type <f4 and shape \(9, 4, 5, 3\)/],
    ['fortran.npy', /no pictures/],
    ['objects.npy', /type \|O and shape \(3\)/],
    ['cut.npy', /cut short: 667 bytes, and 668/],
    ['large.npy', /cut short: 668 bytes, and 60000068/],
    ['lying.npy', /header that cannot be read/],
    ['lying.npz', /668 bytes, and 60000068 for the shape/],
    ['crc.npz', /x cannot be read: its checksum is wrong/],
    ['bomb.npz', /MiB when it is decompressed, and at most/],
    ['long.gz', /longer than its shape \[1, 2, 2\]/],
    ['vast.gz', /too large for the memory/],
    ['label.bin', /picture 45 has the label 11 of 10 classes/],
    ['quote.csv', /a quote out of place after row 1/],
    ['columns.csv', /no column of files: its first row is 'width,height'/],
    ['broken.json', /is no JSON/],
    ['other.json', /no list of pictures/],
    ['list.zip', /dataset\.json cannot be read: its checksum is wrong/],
    ['cut-list.zip', /dataset\.json is no JSON/],
    ['large-list.zip', /dataset\.json cannot be read: it has 1073741824 bytes; lists of at most/],
    ['listed', /metadata\.jsonl:2 is no JSON/],
  ];
  for (const [name, says, code = 'GAN_DATA_FORMAT'] of hostile) {
    it(`refuse ${name} by name, without taking memory or leaving files`, async () => {
      const path = at(`bad/${name}`);
      const before = process.memoryUsage().arrayBuffers;
      const error = await ganError(() => openRecords(path));
      expect(error).to.include({code, exitCode: 5});
      expect(error.message).to.match(says).and.to.contain(path);
      expect(error.suggestions).not.to.deep.equal([]);
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(32 << 20);
      expect(await filesIn()).to.equal(files);
      expect(existsSync(join(dir, 'evil.png'))).to.equal(false);
    });
  }

  it('are all refused that Python made to be refused', async () => {
    expect((await readdir(at('bad'))).sort()).to.deep.equal(hostile.map(([name]) => name).sort());
  });

  const broken: [name: string, says: RegExp][] = [
    ['crc.zip', /checksum is wrong/],
    ['locked.zip', /encrypted/],
    ['bomb.zip', /larger than 1000 bytes/],
    ['large.zip', /1073741824 bytes; pictures of at most 268435456 are read/],
    ['bzip2.zip', /compressed by method 12/],
    ['device.csv', /\/dev\/zero is no file/],
  ];
  for (const [name, says] of broken) {
    it(`give the other pictures of ${name}, and say what is wrong with this one`, async () => {
      const records = await openRecords(at(`broken/${name}`));
      const before = process.memoryUsage().arrayBuffers;
      const error = await records.read(0).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).to.match(says);
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(32 << 20);
      expect(await records.read(1)).to.have.property('length');
    });
  }

  it('give an error, or other pictures, for every byte that changes: none is called a bug', () =>
    inFolder(async (own) => {
      const rng = new Rng(13);
      let [refused, broken, read] = [0, 0, 0];
      for (const name of sets.filter((each) => /\.(zip|tar|npy|npz|bin|csv|jsonl?)$/.test(each))) {
        const whole = await readFile(at(name));
        for (let i = 0; i < 10; i++) {
          const bytes = Buffer.from(whole);
          // zip has its names at the end
          const place = i % 2 ? rng.int(bytes.length) : Math.max(0, bytes.length - 1 - rng.int(600));
          bytes[place]! ^= 1 + rng.int(255);
          const path = join(own, `${i}-${name}`);
          await writeFile(path, bytes);
          const records = await openRecords(path).catch((error: unknown) => error as Error);
          if (records instanceof Error) {
            expect(records, `${name} ${place}: ${records.stack}`).to.have.property('exitCode', 5);
            refused++;
          } else
            for (let index = 0; index < records.size; index++)
              await records.read(index).then(
                () => read++,
                (error: Error) => {
                  expect(error, `${name} ${place}: ${error.stack}`).to.not.be.instanceOf(TypeError);
                  broken++;
                },
              );
        }
      }
      expect(Math.min(refused, broken, read)).to.be.greaterThan(15);
    }));

  it('of different kinds in one folder are refused, and the advice names one as a shell takes it', () =>
    inFolder(async (own) => {
      const folder = join(own, 'my sets');
      await mkdir(folder);
      await copyFile(at('stored.zip'), join(folder, 'a.zip'));
      await copyFile(at('pax.tar'), join(folder, 'b.tar'));
      const error = await ganError(() => openRecords(folder));
      expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
      expect(error.message).to.contain('holds sets of different kinds: a.zip, b.tar');
      const {stdout} = await run('sh', ['-c', `printf %s ${error.suggestions[0]!.replace('Name one: ', '')}`]);
      expect((await openRecords(stdout)).size).to.equal(12);
    }));

  it('are unpacked as the advice says: gunzip -k makes a tar archive that is read', async () => {
    const path = at('bad/photos.tar.gz');
    const {suggestions} = await ganError(() => openRecords(path));
    const [command, ...args] = suggestions[0]!.split('   ')[0]!.split(' ');
    await run(command!, args);
    const tar = path.replace(/\.gz$/, '');
    expect((await openRecords(tar)).size).to.equal(2);
    await rm(tar);
  });

  it('end the run when their file goes or changes while they are used', async () => {
    const path = at('stylegan.zip');
    const records = await openRecords(path);
    await rename(path, `${path}.away`);
    const read = async (): Promise<void> => {
      for (;;) {
        await records.read(0); // works as long as the file is open
        await tick(600);
      }
    };
    expect((await ganError(read)).code).to.equal('GAN_DATA_GONE');
    await rename(`${path}.away`, path);
    expect(await records.read(0)).to.be.instanceOf(Uint8Array);
    const tar = at('json.tar');
    const members = await openRecords(tar);
    const {records: wanted} = expected['json.tar']!;
    await appendFile(tar, 'more');
    expect(await ganError(() => members.read(0))).to.include({code: 'GAN_DATA_CHANGED', exitCode: 5});
    await utimes(tar, 1, 1);
    expect(await sha256(await (await openRecords(tar)).read(0))).to.equal(wanted[0]![1]);
  });
});
