import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {loadAddon} from '../../../plugins/native/src/addon.js';
import {random} from '../wasm/support.js';
import {bf16SetsHere, makeNative, needsAddon, run, valuesOn} from './support.js';

/** Cases of each kind for each instruction set. */
const cases = Number(process.env['GAN_TEST_CASES'] ?? 2);
const size = (min: number, max: number) => fc.integer({min, max});

/** The nearest bfloat16, ties to even. */
function rounded(values: Float32Array): Float32Array {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer);
}

/** Sums in float64, with the sum of the magnitudes of what was added and the number of it. */
class Sums {
  readonly values: Float64Array;
  readonly magnitudes: Float64Array;
  readonly counts: Float64Array;

  constructor(length: number) {
    [this.values, this.magnitudes, this.counts] = [1, 2, 3].map(() => new Float64Array(length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }
  add(i: number, product: number): void {
    this.values[i]! += product;
    this.magnitudes[i]! += Math.abs(product);
    this.counts[i]!++;
  }
  /**
   * A float32 sum of n products is off by n u / (1 - n u) of the magnitudes at most, u being 2^-24 (Higham, "Accuracy
   * and Stability of Numerical Algorithms", section 3.1).
   */
  expect(got: Float32Array, what: string): void {
    expect(got.length, what).to.equal(this.values.length);
    const far = got.findIndex((value, i) => {
      const error = (this.counts[i]! + 2) * 2 ** -24;
      return !(Math.abs(value - this.values[i]!) <= (error / (1 - error)) * this.magnitudes[i]!);
    });
    expect(far, `${what}: ${got[far]} at ${far}, wanted ${this.values[far]}`).to.equal(-1);
  }
}

interface Case {
  batch: number;
  height: number;
  width: number;
  groups: number;
  inWide: number;
  outWide: number;
  filter: readonly [number, number];
  stride: number;
  pad: number;
}

/** The three products of a convolution on the device, and in float64 by the definition. */
function convolution({batch, height, width, groups, inWide, outWide, filter, stride, pad}: Case) {
  const [inChannels, outChannels] = [groups * inWide, groups * outWide];
  const [down, across] = filter;
  const [outHeight, outWidth] = [
    Math.floor((height + 2 * pad - down) / stride) + 1,
    Math.floor((width + 2 * pad - across) / stride) + 1,
  ];
  const shapes = {
    x: [batch, height, width, inChannels],
    filter: [down, across, inWide, outChannels],
    dy: [batch, outHeight, outWidth, outChannels],
  };
  const compute = (): Tensor[] => {
    const [x, weights, dy] = [random(shapes.x, 1), random(shapes.filter, 2), random(shapes.dy, 3)];
    if (groups === 1) {
      // A pad that is one number takes the filter for a square.
      const none = [0, 0];
      const both = [pad, pad];
      const attrs = {strides: stride, pad: [none, both, both, none], dataFormat: 'NHWC', dimRoundingMode: 'floor'};
      return [
        run('Conv2D', {x, filter: weights}, {...attrs, dilations: 1})[0]!,
        run('Conv2DBackpropFilter', {x, dy}, {...attrs, filterShape: shapes.filter})[0]!,
        run('Conv2DBackpropInput', {dy, filter: weights}, {...attrs, inputShape: shapes.x})[0]!,
        x,
        weights,
        dy,
      ];
    }
    const attrs = {
      kernelSize: filter,
      stride: [stride, stride],
      dilation: [1, 1],
      padding: [pad, pad],
      groups,
      inSize: [height, width],
      outSize: [outHeight, outWidth],
    };
    return [
      run('GroupedConv2D', {x, filter: weights}, attrs)[0]!,
      run('GroupedConv2DBackpropFilter', {x, dy}, attrs)[0]!,
      run('GroupedConv2DBackpropInput', {dy, filter: weights}, attrs)[0]!,
      x,
      weights,
      dy,
    ];
  };
  const check = (values: Float32Array[], what: string): void => {
    const [x, weights, dy] = values.slice(3).map(rounded) as [Float32Array, Float32Array, Float32Array];
    const sizes = [batch * outHeight * outWidth * outChannels, weights.length, x.length];
    const sums = sizes.map((count) => new Sums(count)) as [Sums, Sums, Sums];
    for (let position = 0; position < batch * outHeight * outWidth; position++) {
      const [image, oy, ox] = [
        Math.floor(position / outHeight / outWidth),
        Math.floor(position / outWidth) % outHeight,
        position % outWidth,
      ];
      for (let tap = 0; tap < down * across; tap++) {
        const [y, right] = [oy * stride - pad + Math.floor(tap / across), ox * stride - pad + (tap % across)];
        if (y < 0 || y >= height || right < 0 || right >= width) continue;
        for (let o = 0; o < outChannels; o++) {
          for (let i = 0; i < inWide; i++) {
            const atX = ((image * height + y) * width + right) * inChannels + Math.floor(o / outWide) * inWide + i;
            const [atF, atY] = [(tap * inWide + i) * outChannels + o, position * outChannels + o];
            sums[0].add(atY, x[atX]! * weights[atF]!);
            sums[1].add(atF, x[atX]! * dy[atY]!);
            sums[2].add(atX, weights[atF]! * dy[atY]!);
          }
        }
      }
    }
    ['forward', 'filter', 'input'].forEach((kind, i) => sums[i]!.expect(values[i]!, `${kind}, ${what}`));
  };
  return {compute, check};
}

const convolutions: fc.Arbitrary<Case> = fc
  .record({
    batch: size(1, 5),
    height: size(5, 19),
    // lines of 16 positions are not copied
    width: fc.oneof(size(5, 19), fc.constantFrom(16, 17, 18, 32)),
    groups: fc.constantFrom(1, 1, 2),
    inWide: fc.constantFrom(8, 16, 20, 32, 40),
    outWide: fc.constantFrom(8, 16, 24, 33, 48),
    filter: fc.constantFrom<readonly [number, number]>([4, 4], [3, 3], [2, 3], [4, 4]),
    stride: size(1, 2),
    pad: size(0, 1),
  })
  // Smaller ones are computed in float32.
  .filter(({batch, height, width, inWide, outWide, filter: [down, across], stride, pad}) => {
    const positions =
      Math.floor((height + 2 * pad - down) / stride + 1) * Math.floor((width + 2 * pad - across) / stride + 1);
    const products = batch * positions * inWide * outWide * down * across;
    return products >= 2 ** 18 && products < 2 ** 20;
  });

describe('native: products of bfloat16', function () {
  this.timeout(120_000);
  needsAddon();

  for (const isa of bf16SetsHere()) {
    const device = (threads: number) => makeNative({isa, threads, precision: 'bf16'});

    it(`${isa}: convolutions are those of rounded factors, for any number of threads`, async () => {
      await fc.assert(
        fc.asyncProperty(convolutions, async (drawn) => {
          const {compute, check} = convolution(drawn);
          const values = await valuesOn(device(1), compute);
          check(values, JSON.stringify(drawn));
          for (const threads of [2, 3, 4])
            expect(await valuesOn(device(threads), compute), `${threads} threads`).to.deep.equal(values);
        }),
        {numRuns: cases, seed: 1},
      );
    });

    it(`${isa}: matrix products are those of rounded factors, for any number of threads`, async () => {
      const drawn = fc
        .record({m: size(8, 90), k: size(20, 900), n: size(8, 90), a: fc.boolean(), b: fc.boolean()})
        .filter(({m, k, n}) => m * k * n >= 2 ** 18 && m * k * n < 2 ** 21);
      await fc.assert(
        fc.asyncProperty(drawn, async ({m, k, n, a, b}) => {
          const compute = () => {
            const [left, right] = [random(a ? [k, m] : [m, k], 1), random(b ? [n, k] : [k, n], 2)];
            return [tf.matMul(left, right, a, b), left, right];
          };
          const values = await valuesOn(device(1), compute);
          const [left, right] = values.slice(1).map(rounded) as [Float32Array, Float32Array];
          const sums = new Sums(m * n);
          for (let i = 0; i < m * n; i++) {
            const [row, column] = [Math.floor(i / n), i % n];
            for (let d = 0; d < k; d++)
              sums.add(i, left[a ? d * m + row : row * k + d]! * right[b ? column * k + d : d * n + column]!);
          }
          sums.expect(values[0]!, JSON.stringify({m, k, n, a, b}));
          for (const threads of [2, 3, 4])
            expect(await valuesOn(device(threads), compute), `${threads} threads`).to.deep.equal(values);
        }),
        {numRuns: cases, seed: 1},
      );
    });
  }

  it('says what multiplies them', async () => {
    const names: Record<string, string> = {amx: 'AMX', avx512bf16: 'AVX512-BF16'};
    for (const isa of bf16SetsHere()) {
      const name = names[isa];
      expect(await makeNative({isa}).probe()).to.deep.nested.include({'info.bf16': name});
      const opened = await makeNative({isa, precision: 'bf16', threads: 1}).open();
      expect(opened.info).to.include({precision: `bf16 by ${name}`});
      await opened.close?.();
    }
    expect(loadAddon().isa('amx')).to.equal(loadAddon().isa());
  });

  it('says what it needs, where it is not there', async () => {
    const probe = await makeNative({isa: 'portable', precision: 'bf16'}).probe();
    expect(probe).to.include({ok: false});
    expect((probe as {why: string}).why).to.contain('AVX512-BF16');
    const error = await makeNative({isa: 'portable', precision: 'bf16'})
      .open()
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(String(error)).to.contain('AVX512-BF16');
  });
});
