import {expect} from 'chai';
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
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

/** A file with another footer. */
function footer(file: Buffer, hexadecimal: string): Buffer {
  const content = Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex');
  const end = Buffer.alloc(8, 'PAR1');
  end.writeUInt32LE(content.length);
  return Buffer.concat([file.subarray(0, file.length - 8 - file.readUInt32LE(file.length - 8)), content, end]);
}
