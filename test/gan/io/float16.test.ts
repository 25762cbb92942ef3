import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {Rng, writeSafetensors, readSafetensors} from 'gankit';
import {fromFloat16, toFloat16} from '../../../dist/gan/io/float16.js';
import {pythonOrSkip} from '../../python.js';
import {ganError, inFolder} from '../helpers.js';

const bits = (value: number): number => toFloat16(Float32Array.of(value))[0]!;

/** Numbers of every size, and those in the middle between two of 16 bits. */
function numbers(): Float32Array {
  const rng = new Rng(3);
  const [normal, exponents] = [rng.normal(4000), rng.uniform(4000, -28, 17)];
  const all = fromFloat16(Uint16Array.from({length: 0x7c00}, (_, i) => i)); // every positive number of 16 bits
  const middles = all.slice(0, -1).map((value, i) => (value + all[i + 1]!) / 2);
  const random = normal.map((value, i) => value * 2 ** exponents[i]!);
  return Float32Array.of(...random, ...all, ...middles, 65519, 65520, 1e30);
}

describe('numbers in half-precision', () => {
  it('have the bits of IEEE 754 binary16', () => {
    // https://en.wikipedia.org/wiki/Half-precision_floating-point_format#Half_precision_examples
    const examples: [number, number][] = [
      [0, 0],
      [-0, 0x8000],
      [2 ** -24, 0x0001],
      [0.000060975551605224609, 0x03ff],
      [2 ** -14, 0x0400],
      [0.333251953125, 0x3555],
      [0.99951171875, 0x3bff],
      [1, 0x3c00],
      [1.0009765625, 0x3c01],
      [-2, 0xc000],
      [65504, 0x7bff],
      [Infinity, 0x7c00],
      [-Infinity, 0xfc00],
    ];
    for (const [value, wanted] of examples) {
      expect(bits(value), String(value)).to.equal(wanted);
      expect(fromFloat16(Uint16Array.of(wanted))[0], String(value)).to.equal(Math.fround(value));
    }
    expect(fromFloat16(Uint16Array.of(bits(NaN)))[0]).to.be.NaN;
  });

  it('come back as they were, all 65,536', () => {
    const all = Uint16Array.from({length: 1 << 16}, (_, i) => i).filter((half) => (half & 0x7fff) <= 0x7c00);
    expect(toFloat16(fromFloat16(all))).to.deep.equal(all);
  });

  it('are rounded as numpy rounds', async function () {
    const python = await pythonOrSkip(this, 'numpy');
    await inFolder(async (dir) => {
      const [given, file] = [numbers(), path.join(dir, 'x.bin')];
      writeFileSync(file, given);
      const script = `import numpy, sys
with numpy.errstate(over='ignore'):
  sys.stdout.buffer.write(numpy.fromfile(${JSON.stringify(file)}, '<f4').astype('<f2').tobytes())`;
      const wanted = execFileSync(python, ['-c', script], {maxBuffer: 1 << 24});
      expect(Buffer.from(toFloat16(given).buffer).equals(wanted)).to.equal(true);
    });
  });
});

describe('safetensors in half-precision', () => {
  const tensors = new Map([
    ['w', {dtype: 'F32' as const, shape: [2, 2], data: Float32Array.of(1, -1 / 3, 3e-8, 65504)}],
    ['n', {dtype: 'I64' as const, shape: [], data: BigInt64Array.of(70_000n)}],
  ]);

  it('are what a reader without this library finds: F16 for weights, I64 for counts', async function () {
    const python = await pythonOrSkip(this, 'numpy');
    await inFolder(async (dir) => {
      const file = path.join(dir, 'x.safetensors');
      await writeSafetensors(file, tensors, {}, 'float16');
      const script = `import json, numpy, struct, sys
raw = open(${JSON.stringify(file)}, 'rb').read()
end = 8 + struct.unpack('<Q', raw[:8])[0]
kinds = {'F16': '<f2', 'I64': '<i8'}
print(json.dumps({name: [t['dtype'], t['shape'], numpy.frombuffer(raw[end:][t['data_offsets'][0]:t['data_offsets'][1]], kinds[t['dtype']]).tolist()]
  for name, t in json.loads(raw[8:end]).items() if name != '__metadata__'}))`;
      expect(JSON.parse(execFileSync(python, ['-c', script], {encoding: 'utf8'}))).to.deep.equal({
        w: ['F16', [2, 2], [1, -0.333251953125, 5.960464477539063e-8, 65504]],
        n: ['I64', [], [70_000]],
      });
    });
  });

  it('are read as numbers of 32 bits', () =>
    inFolder(async (dir) => {
      const file = path.join(dir, 'x.safetensors');
      await writeSafetensors(file, tensors, {}, 'float16');
      const read = await readSafetensors(file);
      expect(read.tensors.get('w')).to.deep.equal({
        dtype: 'F32',
        shape: [2, 2],
        data: Float32Array.of(1, -0.333251953125, 2 ** -24, 65504),
      });
      expect(read.tensors.get('n')).to.deep.equal(tensors.get('n'));
    }));

  it('are refused where a number would become infinite', () =>
    inFolder(async (dir) => {
      const large = new Map([['big.weight', {dtype: 'F32' as const, shape: [2], data: Float32Array.of(1, -65520)}]]);
      const error = await ganError(() => writeSafetensors(path.join(dir, 'x'), large, {}, 'float16'));
      expect([error.code, error.message]).to.deep.equal([
        'GAN_HALF_PRECISION',
        'big.weight has the value -6.552e+4, and numbers in half-precision end at 65504',
      ]);
    }));
});
