import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describeRecords, openRecords} from '../../../dist/gan/data/records/open.js';
import {Rng} from '../../../dist/gan/rng.js';
import {pythonOrSkip} from '../../python.js';
import {ganError} from './helpers.js';

const script = join(import.meta.dirname, 'lmdb-sets.py');

describe('LMDB databases that Python wrote', () => {
  let dir: string;
  let expected: Record<string, [key: string, sha256: string][]>;

  before(async function () {
    const python = await pythonOrSkip(this, 'lmdb');
    dir = await mkdtemp(join(tmpdir(), 'gan-lmdb-'));
    const {stdout} = await promisify(execFile)(python, [script, dir], {maxBuffer: 1 << 26});
    expected = JSON.parse(stdout) as typeof expected;
  });
  after(async () => {
    if (dir) await rm(dir, {recursive: true, force: true});
  });

  for (const name of ['bedroom_train_lmdb', 'bedroom_train_lmdb/data.mdb', 'few.mdb', 'holes.mdb', 'binary.mdb']) {
    it(`${name}: keys and content, in any order`, async () => {
      const records = await openRecords(join(dir, name));
      const found: [string, string][] = [];
      for (let i = records.size - 1; i >= 0; i--) {
        const hash = createHash('sha256').update((await records.read(i)) as Uint8Array);
        found[i] = [records.name(i), hash.digest('hex')];
      }
      expect(found).to.deep.equal(expected[name]);
      expect((await records.identify()).items).to.equal(expected[name]!.length);
    });
  }

  it('are told in one line, without the keys that say how many there are', async () => {
    const line = async (name: string) => describeRecords(await openRecords(join(dir, name)));
    expect(await line('bedroom_train_lmdb')).to.equal('LMDB database, 300 pictures');
    expect(await line('few.mdb')).to.equal('LMDB database, 3 pictures, 2 other files left out');
  });

  const hostile: [name: string, says: RegExp, code?: string][] = [
    ['cut.mdb', /page \d+ is not in it/],
    ['root.mdb', /page 1099511627776 is not in it/],
    ['loop.mdb', /page \d+ comes twice/],
    ['entries.mdb', /says that it has 1125899906842624 entries, and has 50/],
    ['page-size.mdb', /its pages have 3000 bytes/],
    ['both-sizes.mdb', /its pages have 2147483648 bytes/],
    ['version.mdb', /version 2; version 1 is read/],
    ['pointers.mdb', /page \d+ is damaged/],
    ['node.mdb', /page \d+ is damaged/],
    ['value.mdb', /a value of 4294967280 bytes is not in it/],
    ['shared.mdb', /page \d+ is damaged/],
    ['several.mdb', /databases in it/],
    ['arrays.mdb', /values are no image files: that of 1/],
    ['empty.mdb', /holds no picture/, 'GAN_DATA_EMPTY'],
  ];
  for (const [name, says, code = 'GAN_DATA_FORMAT'] of hostile) {
    it(`refuse ${name} by name, without taking memory`, async () => {
      const path = join(dir, 'bad', name);
      const before = process.memoryUsage().arrayBuffers;
      const error = await ganError(() => openRecords(path));
      expect(error).to.include({code, exitCode: 5});
      expect(error.message).to.match(says).and.to.contain(path);
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(32 << 20);
    });
  }

  /** What comes of a database: the error of the whole set, or what each picture gives. */
  async function outcome(path: string): Promise<Error | (string | Error)[]> {
    const records = await openRecords(path).catch((error: unknown) => error as Error);
    if (records instanceof Error) return records;
    const read = async (index: number): Promise<string | Error> =>
      records.read(index).then(
        (bytes) =>
          createHash('sha256')
            .update(bytes as Uint8Array)
            .digest('hex'),
        (error: unknown) => error as Error,
      );
    return Promise.all(Array.from({length: records.size}, (_, i) => read(i)));
  }

  it('are refused by name wherever they are cut short, or whole', async () => {
    let [refused, whole] = [0, 0];
    for (const name of ['few.mdb', 'holes.mdb']) {
      const bytes = await readFile(join(dir, name));
      const path = join(dir, `cut-${name}`);
      for (let end = 512; end < bytes.length; end += 2048 + 512 * (end % 3)) {
        await writeFile(path, bytes.subarray(0, end));
        const found = await outcome(path);
        if (found instanceof Error) {
          expect(found).to.include({code: 'GAN_DATA_FORMAT', exitCode: 5});
          expect(found.message).to.contain(path);
          refused++;
        } else {
          expect(found).to.deep.equal(expected[name]!.map(([, hash]) => hash)); // only free pages are missing
          whole++;
        }
      }
    }
    expect(refused).to.be.greaterThan(20);
    expect(whole).to.be.lessThan(refused);
  });

  it('give an error, or other values, for every byte that changes: no hang, no memory', async () => {
    const rng = new Rng(17);
    let [refused, broken, changed] = [0, 0, 0];
    for (const name of ['few.mdb', 'holes.mdb', 'bedroom_train_lmdb/data.mdb']) {
      const bytes = await readFile(join(dir, name));
      const path = join(dir, 'flipped.mdb');
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 40; i++) {
        const flipped = Buffer.from(bytes);
        const page = rng.int(bytes.length / 4096);
        const at = i % 3 === 0 ? rng.int(4096) : rng.int(i % 3 === 1 ? 64 : 200); // most often heads and lists of nodes
        flipped[page * 4096 + at]! ^= 1 + rng.int(255);
        await writeFile(path, flipped);
        const found = await outcome(path);
        if (found instanceof Error) {
          expect(found, found.stack).to.have.property('exitCode', 5);
          refused++;
        } else {
          const faults = found.filter((each) => each instanceof Error);
          for (const fault of faults) expect(fault, fault.stack).to.not.be.instanceOf(TypeError);
          broken += faults.length;
          changed += found.filter((each, k) => each !== expected[name]![k]?.[1]).length;
        }
      }
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(64 << 20);
    }
    expect(refused).to.be.greaterThan(5);
    expect(changed).to.be.greaterThan(5);
    expect(broken).to.be.lessThan(changed);
  });

  it('are all refused that Python made to be refused', async () => {
    expect((await readdir(join(dir, 'bad'))).sort()).to.deep.equal(hostile.map(([name]) => name).sort());
  });
});
