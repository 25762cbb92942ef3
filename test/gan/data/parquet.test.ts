import {expect} from 'chai';
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {cp, mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {classesAt} from '../../../dist/gan/data/records/labels.js';
import type {Records} from '../../../dist/gan/data/records/types.js';
import {Rng} from '../../../dist/gan/rng.js';
import {ganError, inFolder} from './helpers.js';

/** What pyarrow wrote: parquet/make.py. */
const folder = join(import.meta.dirname, 'parquet');
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
  string,
  [sha256: string | null, label: string | null][]
>;

async function contents({size, read, labels}: Records): Promise<[string | null, string | null][]> {
  const found: [string | null, string | null][] = [];
  for (let i = size - 1; i >= 0; i--) {
    const bytes = await read(i).catch(() => undefined);
    const hash =
      bytes &&
      createHash('sha256')
        .update(bytes as Uint8Array)
        .digest('hex');
    found[i] = [hash ?? null, labels ? (labels.classes[labels.of[i]!] ?? null) : null];
  }
  return found;
}

describe('Parquet files that pyarrow wrote', () => {
  for (const [name, wanted] of Object.entries(expected))
    it(`${name}: content and labels, in any order`, async () =>
      expect(await contents(await openRecords(join(folder, name)))).to.deep.equal(wanted));

  it('are told in one line; the files of a split are one set, and those for tests are left out', async () => {
    const records = await openRecords(join(folder, 'hub'));
    expect(describeRecords(records)).to.equal('3 Parquet files, 15 pictures, 3 labels');
    expect(records.name(14)).to.equal('train-00002-of-00003.parquet/4');
    expect(describeRecords(await openRecords(join(folder, 'none.parquet')))).to.equal(
      'Parquet file, 7 pictures, 3 labels',
    );
  });

  it('lie in folders by configurations and splits, of which the ones for training are read; several sets are refused', () =>
    inFolder(async (dir) => {
      for (const split of ['train', 'test', 'validation'])
        await cp(join(folder, 'hub/data'), join(dir, 'default', split), {recursive: true});
      const records = await openRecords(dir);
      expect(describeRecords(records)).to.equal('3 Parquet files, 15 pictures, 3 labels');
      await cp(join(dir, 'default/train'), join(dir, 'large/train'), {recursive: true});
      expect(describeRecords(await openRecords(dir))).to.equal('3 Parquet files, 15 pictures, 3 labels');
      await rename(join(dir, 'default'), join(dir, 'small'));
      const error = await ganError(() => openRecords(dir));
      expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
      expect(error.message).to.contain('holds several sets: large, small');
      expect(error.suggestions[0]).to.contain(join(dir, 'large'));
    }));

  it('say how many of the files are there, where their names tell that there are more', () =>
    inFolder(async (dir) => {
      await cp(join(folder, 'hub/data'), dir, {recursive: true});
      await rm(join(dir, 'train-00001-of-00003.parquet'));
      expect(describeRecords(await openRecords(dir))).to.equal('2 of 3 Parquet files, 10 pictures, 3 labels');
      await rm(join(dir, 'train-00000-of-00003.parquet'));
      expect(describeRecords(await openRecords(dir))).to.equal('1 of 3 Parquet files, 5 pictures, 3 labels');
    }));

  it('are refused where they hold no pictures, or are encoded in a way that is not read', async () => {
    const text = await ganError(() => openRecords(join(folder, 'text.parquet')));
    expect(text).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
    expect(text.message).to.contain('no column of pictures, only text, label');
    const delta = await (await openRecords(join(folder, 'delta.parquet'))).read(0).catch((error: unknown) => error);
    expect(String(delta)).to.contain('have the encoding 6');
  });

  const lies: [what: string, change: (file: Buffer) => Buffer, says: RegExp][] = [
    ['is cut short', (file) => file.subarray(0, -100), /no footer/],
    [
      'has a footer larger than itself',
      (file) => (file.writeUInt32LE(0x7fffffff, file.length - 8), file),
      /footer has 2147483647 bytes/,
    ],
    ['has a footer of nothing', (file) => (file.writeUInt32LE(0, file.length - 8), file), /ends too early/],
    // a list of 2^31 - 1 schema elements
    ['has endless lists', (file) => footer(file, '15 02 29 fc ff ff ff ff 07'), /a list of 2147483647 values/],
    ['has lists in lists', (file) => footer(file, `29 ${'19 '.repeat(100)}`), /too many things in each other/],
    ['has numbers without end', (file) => footer(file, `15 ${'ff '.repeat(300)}`), /number without end/],
  ];
  for (const [what, change, says] of lies)
    it(`are refused by name, without taking memory, where one ${what}`, () =>
      inFolder(async (dir) => {
        const path = join(dir, 'lie.parquet');
        await writeFile(path, change(await readFile(join(folder, 'none.parquet'))));
        const before = process.memoryUsage();
        const error = await ganError(() => openRecords(path));
        expect(error).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
        expect(error.message).to.match(says).and.to.contain(path);
        const {arrayBuffers, heapTotal} = process.memoryUsage();
        expect(arrayBuffers - before.arrayBuffers).to.be.lessThan(32 << 20);
        expect(heapTotal - before.heapTotal).to.be.lessThan(64 << 20);
      }));

  it('give an error, or other pictures, for every byte that changes: no hang, no memory', () =>
    inFolder(async (dir) => {
      const rng = new Rng(11);
      const path = join(dir, 'flipped.parquet');
      await mkdir(dir, {recursive: true});
      let [refused, broken] = [0, 0];
      for (const name of ['zstd-v2.parquet', 'gzip.parquet', 'lz4.parquet', 'index.parquet', 'zeros.parquet']) {
        const whole = await readFile(join(folder, name));
        for (let i = 0; i < 16; i++) {
          const bytes = Buffer.from(whole);
          bytes[rng.int(bytes.length)]! ^= 1 + rng.int(255);
          bytes[bytes.length - 9 - rng.int(Math.min(400, bytes.length - 9))]! ^= 1 + rng.int(255); // of the footer
          writeFileSync(path, bytes);
          const before = process.memoryUsage().arrayBuffers;
          const records = await openRecords(path).catch((error: unknown) => error as Error);
          if (records instanceof Error) {
            expect(records).to.have.property('exitCode', 5);
            refused++;
          } else
            for (let row = 0; row < Math.min(records.size, 10); row++)
              await records.read(row).catch((error: unknown) => {
                expect(error).to.be.instanceOf(Error).and.not.have.property('kind', 'bug');
                broken++;
              });
          expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(64 << 20);
        }
      }
      expect(refused).to.be.greaterThan(15);
      expect(broken).to.be.greaterThan(15);
    }));

  it('are broken, not endless, where compressed pages hold more than they say', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'bomb.parquet');
      const bytes = await readFile(join(folder, 'zeros.parquet'));
      // every place that says 1 MiB and 4 bytes, as a zigzag number of the page's header and of the footer
      const said = Buffer.from([0x88, 0x80, 0x80, 0x01]);
      let at = bytes.indexOf(said);
      expect(at).to.be.greaterThan(0);
      for (; at >= 0; at = bytes.indexOf(said, at + 1)) bytes.writeUInt32LE(0x00808088, at); // 4 bytes: 8, over-long
      await writeFile(path, bytes);
      const records = await openRecords(path).catch((error: unknown) => error as Error);
      const error = records instanceof Error ? records : await records.read(0).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error);
    });
  });
});

/** What DuckDB wrote: parquet/make-lists.mjs. */
describe('Parquet files with several labels for a picture, that DuckDB wrote', () => {
  const labelsOf = async (name: string): Promise<(readonly string[] | undefined)[]> => {
    const {labels, size} = await openRecords(join(folder, name));
    return Array.from({length: size}, (_, i) => classesAt(labels!, i)?.map((each) => labels!.classes[each]!));
  };
  const places = [['beach', 'sea'], [], undefined, ['forest'], ['city', 'sea'], ['city'], ['forest']];

  for (const name of ['lists.parquet', 'lists-of-list.parquet'])
    it(`${name}: lists of numbers, with the names of the classes; empty ones, and none`, async () => {
      expect(await labelsOf(name)).to.deep.equal(places);
      const {labels} = await openRecords(join(folder, name));
      expect(labels!.classes).to.deep.equal(['beach', 'city', 'forest', 'sea']);
    });

  it('lists of words, and of marks', async () => {
    const letters: Record<string, string> = {beach: 'a', city: 'b', forest: 'c', sea: 'd'};
    expect(await labelsOf('lists-words.parquet')).to.deep.equal(
      places.map((each) => each?.map((name) => letters[name])),
    );
    expect(await labelsOf('lists-marks.parquet')).to.deep.equal(
      [0, 1, 2, 3, 4, 5, 6].map((i) => [String(1 - (i % 2)), ...(i > 3 ? ['2'] : [])]),
    );
  });

  it('a column for each attribute, beside one of other numbers', async () =>
    expect(await labelsOf('attributes.parquet')).to.deep.equal(
      [0, 1, 2, 3, 4, 5, 6].map((i) => [...(i % 2 === 0 ? ['even'] : []), ...(i > 3 ? ['late'] : [])]),
    ));

  it('are left out, and the pictures are there, where nothing says that they are labels, and they cannot be read', () =>
    inFolder(async (dir) => {
      const changed = async (name: string, change: (bytes: Buffer) => unknown): Promise<Records> => {
        const bytes = await readFile(join(folder, name));
        change(bytes);
        await writeFile(join(dir, name), bytes);
        return openRecords(join(dir, name));
      };
      /** Says of the values of a page that they are DELTA_BINARY_PACKED: 5, as a zigzag number. */
      const delta = (header: string) => (bytes: Buffer) => {
        const at = bytes.indexOf(Buffer.from(header, 'hex'));
        expect(at).to.be.greaterThan(0);
        bytes[at + header.length / 2] = 10;
      };
      const {labels} = await changed('attributes.parquet', delta('1500157c15602c150e15'));
      expect(labels!.classes).to.deep.equal(['even', 'late']);
      const lists = await changed('lists-marks.parquet', delta('150015fe0115662c152a15'));
      // the last number of a list is 10^12, and the classes have no names
      const ids = await changed('lists.parquet', (bytes) => {
        bytes.write('ClassLabe_', bytes.indexOf('ClassLabel'));
        const page = Buffer.from('1c0200000000000000', 'hex');
        bytes.writeBigInt64LE(10n ** 12n, bytes.indexOf(page) + 1);
      });
      for (const records of [lists, ids]) {
        expect(records.labels).to.equal(undefined);
        expect(records.size).to.equal(7);
        expect(await records.read(6)).to.deep.equal(await (await openRecords(join(folder, 'none.parquet'))).read(6));
      }
    }));

  it('in several row groups, with pages that end inside of them', async () => {
    const names = ['beach', 'city', 'forest', 'sea'];
    expect(await labelsOf('lists-long.parquet')).to.deep.equal(
      Array.from({length: 5000}, (_, i) =>
        names.filter((_, place) => Array.from({length: i % 7}, (_, x) => (x + i) % 4).includes(place)),
      ),
    );
  });

  it('say of pictures that are only named that they are not there', async () => {
    const records = await openRecords(join(folder, 'paths.parquet'));
    expect(String(await records.read(0).catch((error: unknown) => error))).to.contain('no bytes of a picture');
  });

  it('give an error, or other labels, for every byte that changes', () =>
    inFolder(async (dir) => {
      const rng = new Rng(12);
      const path = join(dir, 'flipped.parquet');
      let refused = 0;
      for (const name of ['lists.parquet', 'lists-words.parquet', 'lists-long.parquet']) {
        const whole = await readFile(join(folder, name));
        for (let i = 0; i < 60; i++) {
          const bytes = Buffer.from(whole);
          bytes[rng.int(bytes.length)]! ^= 1 + rng.int(255);
          writeFileSync(path, bytes);
          const before = process.memoryUsage().arrayBuffers;
          const records = await openRecords(path).catch((error: unknown) => error as Error);
          if (records instanceof Error) {
            expect(records, String(records.stack)).to.have.property('exitCode', 5);
            refused++;
          }
          expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(64 << 20);
        }
      }
      expect(refused).to.be.greaterThan(20);
    }));
});

/** A file with another footer. */
function footer(file: Buffer, hexadecimal: string): Buffer {
  const content = Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex');
  const end = Buffer.alloc(8, 'PAR1');
  end.writeUInt32LE(content.length);
  return Buffer.concat([file.subarray(0, file.length - 8 - file.readUInt32LE(file.length - 8)), content, end]);
}
