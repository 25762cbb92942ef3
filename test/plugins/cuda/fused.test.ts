import {expect} from 'chai';
import fc from 'fast-check';
import {tf, type Tensor} from 'gankit';
import {affineSample, type Outside} from '../../../dist/backends/fused/affine-sample.js';
import {activate, batchNormGradient} from '../../../dist/backends/fused/batch-norm.js';
import {biasActivation} from '../../../dist/backends/fused/bias-activation.js';
import {blend} from '../../../dist/backends/fused/blend.js';
import {clipByGlobalNorm} from '../../../dist/backends/fused/clip-by-global-norm.js';
import {colorMap} from '../../../dist/backends/fused/color-map.js';
import {cutOut} from '../../../dist/backends/fused/cut-out.js';
import {bytesToFloat} from '../../../dist/backends/fused/bytes.js';
import {coefficientNames, updateAll, type UpdateItem, type Updated} from '../../../dist/backends/fused/update.js';
import {expectClose, on, random, withEmulator} from './emulator/support.js';
import {emulatorName} from './emulator/index.js';

const run = (name: string, inputs: object, attrs: object): Tensor[] =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as Tensor[];

describe('cuda: fused operations on the emulator', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  const device = withEmulator();

  describe('batch norm with activation', () => {
    for (const [shape, slope] of [
      [[3, 5, 4, 8], 0],
      [[3, 5, 4, 8], 0.2],
      [[700, 36], 1],
      [[12, 3], 0.2],
      [[900, 3], 0],
      [[40, 1], 1],
    ] as [number[], number][]) {
      const channels = shape.at(-1)!;
      const attrs = {eps: 1e-5, slope};
      // of a mean that is large beside the deviation, where sums of squares would lose all digits
      const inputs = (offset: number): [Tensor, Tensor, Tensor, Tensor] => [
        tf.add(random(shape, 1), offset),
        random([channels], 2, 0.5, 2),
        random([channels], 3),
        random(shape, 4),
      ];

      it(`of [${shape}] with a slope of ${slope}: result, statistics and gradients as composed by the cpu backend`, async () => {
        const composed = (x: Tensor, weight: Tensor, bias: Tensor, dy: Tensor): Tensor[] => {
          const {mean, variance} = tf.moments(
            x,
            shape.slice(0, -1).map((_, axis) => axis),
          );
          const y = activate(
            tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), weight), bias),
            slope,
          );
          return [y, mean, variance, ...batchNormGradient(x, weight, bias, dy, attrs)];
        };
        const wanted = await on('cpu', () => composed(...inputs(0.3)));
        const got = await on(emulatorName, () => {
          const [x, weight, bias, dy] = inputs(0.3);
          const [y, mean, variance] = run('TrainBatchNorm', {x, weight, bias}, attrs) as [Tensor, Tensor, Tensor];
          return [y, mean, variance, ...run('TrainBatchNormGrad', {x, weight, bias, dy, mean, variance}, attrs)];
        });
        wanted.forEach(({values}, i) =>
          expectClose(got[i]!.values, values, ['y', 'mean', 'variance', 'dx', 'dWeight', 'dBias'][i]),
        );
      });

      it(`of [${shape}] far from zero: the variance is that of exact numbers`, async () => {
        const [x, variance] = await on(emulatorName, () => {
          const [values, weight, bias] = inputs(1000);
          return [values, run('TrainBatchNorm', {x: values, weight, bias}, attrs)[2]!];
        });
        const rows = x!.values.length / channels;
        const exact = Array.from({length: channels}, (_, c) => {
          const column = Array.from({length: rows}, (_row, r) => x!.values[r * channels + c]!);
          const mean = column.reduce((sum, value) => sum + value, 0) / rows;
          return column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
        });
        expectClose(variance!.values, exact, 'variance');
      });
    }
  });

  describe('images through affine maps', () => {
    const maps = fc.record({
      angle: fc.constantFrom(0, Math.PI / 2, 2, 3, -0.7),
      scale: fc.constantFrom(0.3, 1, 2.7),
      shift: fc.tuple(fc.integer({min: -40, max: 40}), fc.integer({min: -40, max: 40})),
      mirror: fc.boolean(),
    });
    const cases = fc.record({
      maps: fc.array(maps, {minLength: 1, maxLength: 3}),
      side: fc.tuple(fc.constantFrom(1, 2, 5, 8), fc.constantFrom(1, 3, 6)),
      size: fc.tuple(fc.constantFrom(1, 4, 9), fc.constantFrom(1, 5, 7)),
      channels: fc.constantFrom(1, 3),
      outside: fc.constantFrom<Outside[]>('zero', 'reflect'),
      seed: fc.nat(1000),
    });

    it('give the values and gradients of the composition on the cpu backend', () =>
      fc.assert(
        fc.asyncProperty(cases, async ({maps: list, side, size, channels, outside, seed}) => {
          const numbers = list.flatMap(({angle, scale, shift: [right, down], mirror}) => {
            const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
            return [mirror ? -cos : cos, -sin, right / 8, mirror ? -sin : sin, cos, down / 8];
          });
          const compute = (): Tensor[] => {
            const affine = tf.tensor(numbers, [list.length, 6]);
            const x = random([list.length, ...side, channels], seed);
            const f = (given: Tensor): Tensor => affineSample(given, affine, {outside, size});
            const dy = random([list.length, ...size, channels], seed + 1);
            return [f(x), tf.grad((given) => tf.sum(tf.mul(f(given), dy)))(x)];
          };
          const [wanted, got] = [await on('cpu', compute), await on(emulatorName, compute)];
          wanted.forEach(({values}, i) => expectClose(got[i]!.values, values, ['y', 'dx'][i]));
        }),
        {numRuns: 25},
      ));
  });

  for (const [what, shape, f] of [
    [
      'colours by maps of their own',
      [3, 40, 30, 3],
      (x: Tensor) => colorMap(x, {matrices: random([3, 3, 3], 5), shifts: random([3, 3], 6), means: random([3, 1], 7)}),
    ],
    ['boxes', [3, 20, 30, 3], (x: Tensor) => cutOut(x, tf.tensor([2, 3, 9, 31, -4, -4, 3, 2, 5, 5, 5, 9], [3, 4]))],
    ...[12, 3].flatMap((channels) =>
      [0, 0.2, 1].map((slope): [string, number[], (x: Tensor) => Tensor] => [
        `a bias of ${channels} channels and an activation with the slope ${slope}`,
        [7, 30, 20, channels],
        (x) => biasActivation(x, random([channels], 3), slope),
      ]),
    ),
    ['a leaky ReLU of a number that four divides', [40, 60], (x: Tensor) => tf.leakyRelu(x, 0.2)],
    ['a leaky ReLU of another number', [41, 61], (x: Tensor) => tf.leakyRelu(x, 0.2)],
  ] as [string, number[], (x: Tensor) => Tensor][])
    it(`${what}: values and gradients as on the cpu backend`, async () => {
      const compute = (): Tensor[] => {
        const [x, dy] = [random(shape, 1), random(shape, 2)];
        return [f(x), tf.grad((given) => tf.sum(tf.mul(f(given), dy)))(x)];
      };
      const [wanted, got] = [await on('cpu', compute), await on(emulatorName, compute)];
      wanted.forEach(({values}, i) => expectClose(got[i]!.values, values, ['y', 'dx'][i]));
    });

  describe('the update of an optimiser', () => {
    const updates = fc.record({
      count: fc.constantFrom(1, 3, 300, 4096, 9000),
      momentumAverage: fc.boolean(),
      squareAverage: fc.boolean(),
      keep: fc.constantFrom(1, 0.99),
      decay: fc.constantFrom(0, 0.01),
      momentum: fc.constantFrom(0.5, 0.9),
      dampening: fc.constantFrom(1, 0.1),
      squareMomentum: fc.constantFrom(0.99, 0.9),
      squareShare: fc.constantFrom(0.01, 1),
      correction: fc.constantFrom(1, 0.3),
      eps: fc.constantFrom(1e-5, 1e-3),
      rate: fc.constantFrom(0.01, 1),
      bound: fc.constantFrom(Infinity, 0.5, 0.01),
      seed: fc.nat(1000),
    });
    type Update = Record<'count' | 'seed' | (typeof coefficientNames)[number], number> &
      Record<'momentumAverage' | 'squareAverage', boolean>;

    const itemsOf = (list: readonly Update[]): UpdateItem[] =>
      list.map((u, i) => ({
        value: random([u.count], u.seed),
        gradient: random([u.count], u.seed + 1),
        averages: {
          ...(u.momentumAverage && {grad_avg: random([u.count], u.seed + 2)}),
          ...(u.squareAverage && {sqr_avg: random([u.count], u.seed + 3, 0, 1)}),
        },
        set: list.length - 1 - i,
        decays: u.decay !== 0,
        bounded: u.bound !== Infinity,
      }));
    const coefficientsOf = (list: readonly Update[]): Tensor =>
      tf.tensor([...list].reverse().map((u) => coefficientNames.map((name) => u[name])));
    const updated = (list: readonly Update[]) => (): Tensor[] => {
      const results: Tensor[] = [];
      // what is not kept of a composition is freed after each parameter
      updateAll(itemsOf(list), coefficientsOf(list), ({value, averages}: Updated) =>
        results.push(...[value, ...Object.values(averages)].map((tensor) => tf.keep(tf.clone(tensor)))),
      );
      return results;
    };

    it('has the bits of the composition on the cpu backend, for lists of up to sixty parameters', () =>
      fc.assert(
        fc.asyncProperty(fc.array(updates, {minLength: 1, maxLength: 60}), async (list) => {
          const [wanted, got] = [await on('cpu', updated(list)), await on(emulatorName, updated(list))];
          expect(got.map(({values}) => values)).to.deep.equal(wanted.map(({values}) => values));
        }),
        {numRuns: 12, seed: 20240229},
      ));

    it('keeps NaN within bounds', async () => {
      const one: Update = {
        count: 1,
        momentumAverage: false,
        squareAverage: false,
        keep: NaN,
        decay: 0,
        momentum: 0,
        dampening: 1,
        squareMomentum: 0,
        squareShare: 0,
        correction: 1,
        eps: 0,
        rate: 1,
        bound: 0.01,
        seed: 1,
      };
      expect((await on(emulatorName, updated([one])))[0]!.values).to.deep.equal([NaN]);
    });

    it('is one launch for 48 parameters', async () => {
      const {emulation} = device();
      const seen: string[] = [];
      emulation.seen = ({entry}) => seen.push(entry);
      const [one] = fc.sample<Update>(updates, {numRuns: 1, seed: 1}) as [Update];
      await on(emulatorName, updated(new Array<Update>(48).fill(one)));
      expect(seen.filter((entry) => entry === 'updateAll')).to.have.length(1);
      delete emulation.seen;
    });

    it('goes over the old values where it may', async () => {
      const [before, after, returned] = await on(emulatorName, () => {
        const value = tf.tensor1d([1, 2]);
        const before = tf.mul(value, 1);
        const coefficients = tf.tensor2d([
          coefficientNames.map(
            (name) => (({keep: 1, dampening: 1, rate: 0.5, bound: Infinity}) as Record<string, number>)[name] ?? 0,
          ),
        ]);
        const [returned] = run(
          'OptimizerUpdate',
          {coefficients, value0: value, gradient0: tf.tensor1d([4, 8])},
          {sets: [0], decays: [false], bounded: [false], inPlace: true},
        );
        return [before, value, returned!];
      });
      expect([before, after, returned].map((one) => one!.values)).to.deep.equal([
        [1, 2],
        [-1, -2],
        [-1, -2],
      ]);
    });
  });

  for (const [what, sizes] of [
    ['one array', [5]],
    ['arrays of several chunks', [9000, 1, 4096, 4097, 0, 12]],
    ['more arrays than a launch takes', Array.from({length: 200}, (_, i) => 1 + 17 * i)],
  ] as [string, number[]][])
    it(`${what} have the length that they may have, as on the cpu backend`, async () => {
      const seen: string[] = [];
      for (const bound of [0.1, 1e6]) {
        const compute = (): Tensor[] => {
          const arrays = sizes.map((size, i) => random([size], i));
          const {length, clipped} = clipByGlobalNorm(arrays, tf.scalar(bound));
          return [length, ...clipped];
        };
        const wanted = await on('cpu', compute);
        device().emulation.seen = ({entry}) => seen.push(entry);
        const got = await on(emulatorName, compute);
        delete device().emulation.seen;
        expect(got.map(({shape}) => shape)).to.deep.equal(wanted.map(({shape}) => shape));
        wanted.forEach(({values}, i) => expectClose(got[i]!.values, values, i === 0 ? 'length' : `array ${i - 1}`));
      }
      const launches = Math.ceil(sizes.length / 96);
      expect(seen).to.have.length(2 * (2 * launches + 1));
    });

  for (const shape of [
    [2, 3, 5, 3],
    [4, 2],
    [3, 1],
  ]) {
    it(`bytes of [${shape}] become the numbers of their channels' tables`, async () => {
      const [channels, count] = [shape.at(-1)!, tf.util.sizeFromShape(shape)];
      const table = Float32Array.from(
        {length: 256 * channels},
        (_, i) => Math.floor(i / channels) / 7 - (i % channels),
      );
      const bytes = Uint8Array.from({length: count}, (_, i) => (i * 89) % 256);
      const [got] = await on(emulatorName, () => bytesToFloat({bytes, shape, table}));
      expect(got).to.deep.equal({
        shape,
        dtype: 'float32',
        values: Array.from(bytes, (byte, i) => table[byte * channels + (i % channels)]!),
      });
    });
  }

  it('running averages have the bits of the composition on the cpu backend, and are one launch', async () => {
    const next = (): Tensor[] =>
      blend([700, 3, 5000].map((n) => ({old: random([n], n), next: random([n], n + 1), keep: 0.9, share: 1 / n})));
    const seen: string[] = [];
    device().emulation.seen = ({entry}) => seen.push(entry);
    const got = await on(emulatorName, next);
    delete device().emulation.seen;
    expect(got).to.deep.equal(await on('cpu', next));
    expect(seen).to.deep.equal(['blend']);
  });
});
