import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {makeBackend, random} from '../wasm/support.js';
import {expectNear, makeNative, needsAddon, run, setsHere, valuesOn} from './support.js';

/** The kernels of the wasm plug-in, which are compared with tfjs-backend-cpu (test/plugins/wasm). */
const reference = makeBackend({threads: 1, relaxedSimd: true});
/** Cases of each kind. */
const cases = Number(process.env['GAN_TEST_CASES'] ?? 4);
const sets = setsHere();

const size = (max: number) => fc.integer({min: 1, max});
/** Channels as networks have them, and others; the ways that kernels choose depend on multiples of 4, 8 and 16. */
const channels = fc.oneof(fc.constantFrom(3, 8, 16, 24, 32, 48, 64), size(40));

interface Convolution {
  batch: number;
  height: number;
  width: number;
  inChannels: number;
  outChannels: number;
  /** Taps down and across, and the stride. */
  filter: readonly [number, number, number];
  pad: 0 | 1 | 'same';
}

const convolution =
  ({batch, height, width, inChannels, outChannels, filter: [down, across, strides], pad}: Convolution) =>
  (): Tensor[] => {
    const attrs = {strides, pad, dataFormat: 'NHWC', dimRoundingMode: 'floor'};
    const inputShape = [batch, height, width, inChannels];
    const filterShape = [down, across, inChannels, outChannels];
    const [x, filter] = [random(inputShape, 1), random(filterShape, 2)];
    const y = run('Conv2D', {x, filter}, {...attrs, dilations: 1})[0]!;
    const dy = random(y.shape, 3);
    return [
      y,
      ...run('Conv2DBackpropFilter', {x, dy}, {...attrs, filterShape}),
      ...run('Conv2DBackpropInput', {dy, filter}, {...attrs, inputShape}),
    ];
  };

/**
 * Layers of networks, large enough for each way to compute a convolution: minimal filtering F(2, 2), F(4, 2), F(4, 3),
 * with a transformed filter that all chunks share and with one for some columns each, and with one and several groups
 * of tiles.
 */
const layers: Convolution[] = (
  [
    [16, 16, 32, 64, [4, 4, 2]],
    [16, 8, 64, 128, [4, 4, 2]],
    [2, 16, 128, 256, [4, 4, 2]],
    [8, 32, 16, 16, [3, 3, 1]],
    [8, 32, 8, 8, [3, 3, 1]],
    [8, 32, 8, 16, [4, 4, 2]],
    [1, 8, 256, 256, [3, 3, 1]],
    [4, 9, 16, 16, [2, 2, 1]],
  ] as const
).map(([batch, side, inChannels, outChannels, filter]) => ({
  batch,
  height: side,
  width: side,
  inChannels,
  outChannels,
  filter,
  pad: 1,
}));

/** Every kind of work, as a function of drawn sizes that gives the tensors to compare. */
const kinds: Record<string, fc.Arbitrary<() => Tensor[]>> = {
  'convolutions and their gradients': fc
    .record({
      batch: size(5),
      height: fc.integer({min: 6, max: 19}),
      width: fc.integer({min: 6, max: 19}),
      inChannels: channels,
      outChannels: channels,
      filter: fc.oneof(
        fc.constantFrom([4, 4, 2], [3, 3, 1], [1, 1, 1], [2, 2, 1], [6, 6, 2]),
        fc.tuple(size(5), size(5), size(3)),
      ),
      pad: fc.constantFrom<0 | 1 | 'same'>(0, 1, 'same'),
    })
    .map(({filter: [down, across, strides], ...sizes}) => convolution({...sizes, filter: [down!, across!, strides!]})),
  'matrix products': fc
    .record({m: size(140), k: size(300), n: size(140), a: fc.boolean(), b: fc.boolean()})
    .map(({m, k, n, a, b}) => () => [tf.matMul(random(a ? [k, m] : [m, k], 1), random(b ? [n, k] : [k, n], 2), a, b)]),
  'convolutions in groups and their gradients': fc
    .record({
      batch: size(4),
      groups: fc.constantFrom(1, 2, 3, 8, 16, 20),
      inWide: fc.constantFrom(1, 1, 4, 16, 21),
      outWide: fc.constantFrom(1, 1, 4, 16, 40),
      kernelSize: fc.tuple(size(4), size(4)),
      stride: fc.tuple(size(2), size(2)),
      dilation: fc.tuple(size(2), size(2)),
      padding: fc.tuple(fc.integer({min: 0, max: 2}), fc.integer({min: 0, max: 2})),
    })
    .map(({batch, groups, inWide, outWide, ...sizes}) => () => {
      const inSize = [9, 11];
      const outSize = inSize.map(
        (side, i) =>
          Math.floor(
            (side + 2 * sizes.padding[i]! - sizes.dilation[i]! * (sizes.kernelSize[i]! - 1) - 1) / sizes.stride[i]!,
          ) + 1,
      );
      const attrs = {...sizes, groups, inSize, outSize};
      const x = random([batch, ...inSize, groups * inWide], 1);
      const filter = random([...sizes.kernelSize, inWide, groups * outWide], 2);
      const dy = random([batch, ...outSize, groups * outWide], 3);
      return [
        ...run('GroupedConv2D', {x, filter}, attrs),
        ...run('GroupedConv2DBackpropInput', {dy, filter}, attrs),
        ...run('GroupedConv2DBackpropFilter', {x, dy}, attrs),
      ];
    }),
  'batch norm and its gradient': fc
    .record({rows: fc.integer({min: 2, max: 900}), fours: size(20), slope: fc.constantFrom(0, 0.2, 1)})
    .map(({rows, fours, slope}) => () => {
      const shape = [rows, 1, 1, 4 * fours];
      const [x, dy, weight, bias] = [
        random(shape, 1),
        random(shape, 2),
        random([4 * fours], 3),
        random([4 * fours], 4),
      ];
      const attrs = {eps: 1e-5, slope};
      const [y, mean, variance] = run('TrainBatchNorm', {x, weight, bias}, attrs);
      const inputs = {x, weight, bias, dy, mean: mean!, variance: variance!};
      return [y!, mean!, variance!, ...run('TrainBatchNormGrad', inputs, attrs)];
    }),
  'sums and means': fc
    .record({shape: fc.array(size(20), {minLength: 1, maxLength: 4}), first: size(4), count: size(4)})
    .map(({shape, first, count}) => () => {
      const x = random(shape, 1);
      const axes = shape.map((_, axis) => axis).slice(first - 1, first - 1 + count);
      return [tf.sum(x, axes), tf.mean(x, axes), tf.sum(random([70_000 + shape[0]!], 2))];
    }),
  resampling: fc
    .record({batch: size(3), height: size(12), width: size(12), channels, factor: size(3)})
    .map(({batch, height, width, channels: count, factor}) => () => {
      const x = random([batch, height, width, count], 1);
      const fir = {up: 2, down: 1, padding: [2, 1, 2, 1], taps: [0.125, 0.375, 0.375, 0.125]};
      return [
        ...run('UpsampleNearest', {x}, {factor, scale: 0.7}),
        ...run('FirResample', {x}, fir),
        ...run('BilinearResize', {x}, {height: height + 3, width: factor * width}),
        ...run('BilinearResizeTranspose', {dy: x}, {height: height + 2, width}),
      ];
    }),
  'functions of single numbers': fc.record({count: fc.integer({min: 1, max: 20_000})}).map(({count}) => () => {
    const [a, b] = [random([count], 1), random([count], 2)];
    const positive = tf.add(tf.abs(a), 0.1);
    return [
      tf.leakyRelu(a, 0.2),
      ...run('LeakyReluGrad', {dy: a, x: b}, {alpha: 0.2}),
      tf.square(a),
      tf.sqrt(positive),
      tf.rsqrt(positive),
      tf.tanh(tf.mul(a, 9)),
      tf.maximum(a, b),
      tf.minimum(a, 0.1),
      tf.cast(tf.greater(a, b), 'float32'),
      tf.cast(tf.lessEqual(0.1, b), 'float32'),
      tf.where(tf.greater(a, b), a, b),
    ];
  }),
  'pixels of the same length, and channels that become pixels': fc
    .record({batch: size(3), side: size(24), channels, factor: size(3)})
    .map(({batch, side, channels: count, factor}) => () => {
      const [x, dy] = [random([batch, side, 9, count], 1), random([batch, side, 9, count], 2)];
      const attrs = {eps: 1e-8};
      return [
        ...run('PixelNorm', {x}, attrs),
        ...run('PixelNormGrad', {x, dy}, attrs),
        ...run('PixelShuffle', {x: random([batch, side, 9, count * factor ** 2], 3)}, {factor}),
        ...run('PixelUnshuffle', {x: random([batch, side * factor, 9 * factor, count], 4)}, {factor}),
      ];
    }),
  'arithmetic with broadcasts': fc
    .record({
      shape: fc.array(size(30), {minLength: 4, maxLength: 4}),
      // axes of the other operand that are 1, and those that it has
      ones: fc.array(fc.boolean(), {minLength: 4, maxLength: 4}),
      rank: fc.integer({min: 0, max: 4}),
    })
    .map(({shape, ones, rank}) => () => {
      const all = random(shape, 1);
      const other = random(shape.map((side, axis) => (ones[axis] ? 1 : side)).slice(4 - rank), 2);
      return [
        tf.add(all, other),
        tf.sub(other, all),
        tf.mul(all, other),
        tf.div(other, tf.add(tf.abs(all), 0.5)),
        tf.div(all, tf.add(tf.abs(random(shape, 3)), 0.5)),
      ];
    }),
  'steps of optimisers': fc
    .record({counts: fc.array(size(20_000), {minLength: 1, maxLength: 4}), rms: fc.boolean()})
    .map(({counts, rms}) => () => {
      const inputs: Record<string, Tensor> = {};
      counts.forEach((count, i) => {
        inputs[`value${i}`] = random([count], 10 * i);
        inputs[`gradient${i}`] = random([count], 10 * i + 1);
        inputs[`sqr_avg${i}`] = tf.abs(random([count], 10 * i + 2));
        if (!rms) inputs[`grad_avg${i}`] = random([count], 10 * i + 3);
      });
      inputs['coefficients'] = tf.tensor2d([[0.99, 0.01, 0.9, 0.1, 0.99, 0.01, 1.1, 1e-5, 0.1, 0.8]]);
      return run('OptimizerUpdate', inputs, {sets: counts.map(() => 0)});
    }),
};

describe('native: the kernels', function () {
  this.timeout(600_000);
  needsAddon();

  for (const [name, drawn] of Object.entries(kinds)) {
    it(`${name}: what the wasm plug-in computes, to the last bit alike for any number of threads (${sets.join(', ')})`, async () => {
      const drawnWorks = fc.sample(drawn, {numRuns: cases, seed: 20240229});
      const works = name.startsWith('convolutions and') ? [...drawnWorks, ...layers.map(convolution)] : drawnWorks;
      const compute = () => works.flatMap((work) => work());
      const wanted = await valuesOn(reference, compute);
      for (const isa of sets) {
        const alone = await valuesOn(makeNative({isa, threads: 1}), compute);
        for (const [i, values] of wanted.entries()) expectNear(alone[i]!, values, `${isa}, result ${i}`);
        for (const threads of isa === sets[0] ? [2, 3, 4] : [3]) {
          const several = await valuesOn(makeNative({isa, threads}), compute);
          for (const [i, values] of alone.entries()) {
            const same = Buffer.from(values.buffer).equals(Buffer.from(several[i]!.buffer));
            expect(same, `${isa}, ${threads} threads, result ${i}`).to.equal(true);
          }
        }
      }
    });
  }

  it('keep what is not a number', async () => {
    const x = () => tf.tensor1d([NaN, 1, -1]);
    const [tanh, larger, smaller] = await valuesOn(makeNative(), () => [
      tf.tanh(x()),
      tf.maximum(x(), 0),
      tf.minimum(tf.scalar(0), x()),
    ]);
    for (const values of [tanh!, larger!, smaller!]) expect(values[0]).to.be.NaN;
    expect([...larger!.slice(1), ...smaller!.slice(1)]).to.deep.equal([1, 0, 0, -1]);
  });
});
