import {readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect} from 'chai';
import {readSafetensors, writeSafetensors, type StateDict} from 'gankit';
import {writeFileAtomic} from '../../../dist/gan/io/atomic-write.js';
import {decodeSafetensors, encodeSafetensors} from '../../../dist/gan/io/safetensors.js';
import {ganError, inFolder} from '../helpers.js';

const tensors = (): StateDict =>
  new Map([
    ['a', {dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -2.5, 3e-8, 4)}],
    ['näme.b', {dtype: 'I64', shape: [], data: BigInt64Array.of(2n ** 40n)}],
    ['empty', {dtype: 'F32', shape: [0, 3], data: new Float32Array(0)}],
  ]);

/** A file of any header and body. */
function file(header: unknown, body = Buffer.alloc(8)): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, body]);
}

describe('safetensors', () => {
  it('is what its definition says: length of the header, JSON, bytes of the tensors, little-endian', () => {
    const bytes = encodeSafetensors(new Map([['x', {dtype: 'F32', shape: [2], data: Float32Array.of(1, -2)}]]), {
      format: 'pt',
    });
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).to.equal(0); // tensors are aligned
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).to.deep.equal({
      __metadata__: {format: 'pt'},
      x: {dtype: 'F32', shape: [2], data_offsets: [0, 8]},
    });
    expect(bytes.subarray(8 + length).toString('hex')).to.equal('0000803f000000c0');
  });

  it('brings back names, shapes, types, values and metadata', () => {
    const read = decodeSafetensors(encodeSafetensors(tensors(), {made: 'by hand'}), 'here');
    expect(read.tensors).to.deep.equal(tensors());
    expect(read.metadata).to.deep.equal({made: 'by hand'});
    expect(decodeSafetensors(encodeSafetensors(new Map()), 'here')).to.deep.equal({tensors: new Map(), metadata: {}});
  });

  it('reads a part of a larger array, and files whose tensors are not aligned', () => {
    const part = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    expect([
      ...decodeSafetensors(
        encodeSafetensors(new Map([['x', {dtype: 'F32', shape: [2], data: part}]])),
        'here',
      ).tensors.get('x')!.data,
    ]).to.deep.equal([1, 2]);
    const body = Buffer.alloc(4);
    body.writeFloatLE(1.5);
    const header = JSON.stringify({x: {dtype: 'F32', shape: [], data_offsets: [0, 4]}});
    for (const spaces of ['', ' ', '  ', '   '])
      expect([...decodeSafetensors(file(header + spaces, body), 'here').tensors.get('x')!.data]).to.deep.equal([1.5]);
  });

  const broken: [string, Buffer, RegExp][] = [
    ['an empty file', Buffer.alloc(0), /it has 0 bytes/],
    ['a file of seven bytes', Buffer.alloc(7), /it has 7 bytes/],
    ['a header that is longer than the file', file({}).subarray(0, 9), /header of 2 bytes goes past its end/],
    ['a header length beyond all bounds', Buffer.alloc(16, 0xff), /goes past its end/],
    ['a header that is no JSON', file('{"a": '), /its header is no JSON/],
    ['a header that is null', file('null'), /its header is no object/],
    ['a header that is a list', file('[1]'), /its header is no object/],
    [
      'a tensor of another type',
      file({x: {dtype: 'BF16', shape: [4], data_offsets: [0, 8]}}),
      /tensor 'x' is of type BF16; F32, F16 and I64 can be read/,
    ],
    [
      'a tensor that ends after the file',
      file({x: {dtype: 'F32', shape: [3], data_offsets: [0, 12]}}),
      /tensor 'x' of shape \[3\] lies at 0 to 12/,
    ],
    ['a tensor that begins before it', file({x: {dtype: 'F32', shape: [2], data_offsets: [-8, 0]}}), /tensor 'x'/],
    [
      'a tensor of another size than its shape',
      file({x: {dtype: 'F32', shape: [2], data_offsets: [0, 4]}}),
      /lies at 0 to 4/,
    ],
    ['an entry without offsets', file({x: {dtype: 'F32', shape: [2]}}), /tensor 'x'/],
    ['an entry that is a number', file({x: 5}), /tensor 'x'/],
    ['a shape that is none', file({x: {dtype: 'F32', shape: [1.5], data_offsets: [0, 6]}}), /tensor 'x'/],
    [
      'tensors that overlap',
      file({x: {dtype: 'F32', shape: [2], data_offsets: [0, 8]}, y: {dtype: 'F32', shape: [1], data_offsets: [4, 8]}}),
      /tensor 'y' overlaps 'x'/,
    ],
    [
      'two tensors of the same bytes',
      file({x: {dtype: 'F32', shape: [2], data_offsets: [0, 8]}, y: {dtype: 'F32', shape: [2], data_offsets: [0, 8]}}),
      /tensor 'y' overlaps 'x'/,
    ],
    [
      'a gap between tensors',
      file(
        {x: {dtype: 'F32', shape: [1], data_offsets: [0, 4]}, y: {dtype: 'F32', shape: [1], data_offsets: [8, 12]}},
        Buffer.alloc(12),
      ),
      /4 bytes before tensor 'y' belong to none/,
    ],
    [
      'bytes of no tensor',
      file({x: {dtype: 'F32', shape: [1], data_offsets: [0, 4]}}),
      /its last 4 bytes belong to no/,
    ],
    [
      'a tensor that is there twice',
      file(
        '{"x": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}, "x": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
      ),
      /has a tensor twice/,
    ],
    ['metadata that are no texts', file({__metadata__: {a: 1}}, Buffer.alloc(0)), /metadata are no texts/],
    ['a negative shape', file({x: {dtype: 'F32', shape: [-1, -2], data_offsets: [0, 8]}}), /tensor 'x'/],
  ];
  for (const [title, bytes, text] of broken) {
    it(`refuses ${title}, naming the file`, async () => {
      const error = await ganError(() => decodeSafetensors(bytes, 'the/file'));
      expect(error).to.include({code: 'GAN_FILE_BROKEN', kind: 'data'});
      expect(error.message)
        .to.match(/^the\/file is not an intact safetensors file: /)
        .and.match(text);
    });
  }

  it('goes through files', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'x.safetensors');
      await writeSafetensors(path, tensors(), {a: 'b'});
      expect((await readSafetensors(path)).tensors).to.deep.equal(tensors());
      expect(await readdir(dir)).to.deep.equal(['x.safetensors']); // no temporary file
      const error = await ganError(() => readSafetensors(join(dir, 'none')));
      expect(error).to.include({code: 'GAN_FILE_UNREADABLE', kind: 'data'});
      expect(error.message).to.include(join(dir, 'none'));
    });
  });
});

describe('writeFileAtomic', () => {
  it('replaces a file', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'x');
      await writeFileAtomic(path, 'old');
      await writeFileAtomic(path, 'new');
      expect(await readFile(path, 'utf8')).to.equal('new');
      expect(await readdir(dir)).to.deep.equal(['x']);
    });
  });

  it('leaves the old file, and nothing else, when writing fails', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'x');
      await writeFile(path, 'old');
      const failed = await writeFileAtomic(path, Symbol('not data') as unknown as string).then(
        () => false,
        () => true,
      );
      expect(failed).to.equal(true);
      expect(await readFile(path, 'utf8')).to.equal('old');
      expect(await readdir(dir)).to.deep.equal(['x']);
    });
  });

  it('says when the folder is not there', async () => {
    await inFolder(async (dir) => {
      const failed = await writeFileAtomic(join(dir, 'none', 'x'), 'data').then(
        () => '',
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect(failed).to.equal('ENOENT');
    });
  });
});
