/** The kernels for images and for convolution in groups, in sizes for which the conformance kit has no room. */
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import {resizeBilinear} from '../../../dist/backends/fused/bilinear.js';
import {firDown, firResample, firUp} from '../../../dist/backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../dist/backends/fused/upsample.js';
import type {Convolution} from '../../../plugins/cuda/src/dnn/types.js';
import type {Gpu} from '../../../plugins/cuda/src/gpu.js';
import {convolve, convolveFilterGradient, convolveInputGradient} from '../../../plugins/cuda/src/kernels/convolve.js';
import {sources} from '../../../plugins/cuda/src/kernels/index.js';
import {entriesOf} from './emulator/compile.js';
import {emulatorName} from './emulator/index.js';
import {expectClose, expectSame, on, random, withEmulator} from './emulator/support.js';

/** Sizes of a convolution whose padding is the same on all sides. */
function convolution(
  [batchSize, inHeight, inWidth, inChannels]: [number, number, number, number],
  [filterHeight, filterWidth, outChannels]: [number, number, number],
  {groups = 1, stride = 1, dilation = 1, padding = 1} = {},
): Convolution {
  const out = (size: number, taps: number): number =>
    Math.floor((size + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
  return {
    groups,
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    outHeight: out(inHeight, filterHeight),
    outWidth: out(inWidth, filterWidth),
    outChannels,
    filterHeight,
    filterWidth,
    strideHeight: stride,
    strideWidth: stride,
    dilationHeight: dilation,
    dilationWidth: dilation,
    padInfo: {top: padding, bottom: padding, left: padding, right: padding},
  };
}

const convolutions: [what: string, entries: string, conv: Convolution][] = [
  ['one group', 'single', convolution([30, 6, 7, 3], [3, 3, 5])],
  ['groups of 4 and 8 channels', 'fours', convolution([20, 9, 7, 12], [3, 3, 24], {groups: 3})],
  ['groups of 16, stride 2', 'fours', convolution([3, 8, 10, 32], [4, 4, 32], {groups: 2, stride: 2})],
  ['groups of 3, dilated', 'single', convolution([2, 9, 8, 6], [3, 2, 4], {groups: 2, dilation: 2, stride: 2})],
  ['a filter for each channel', 'depthwise', convolution([30, 7, 5, 6], [3, 3, 6], {groups: 6})],
  [
    'a filter for each of 12 channels',
    'depthwise-fours',
    convolution([50, 7, 6, 12], [4, 4, 12], {groups: 12, stride: 2}),
  ],
  ['two filters for each channel', 'single', convolution([2, 5, 5, 3], [3, 3, 6], {groups: 3})],
  ['one line', 'fours', convolution([2, 1, 40, 8], [1, 5, 8], {groups: 2, padding: 0})],
];

const nine = [1, 7, 30, 50, 70, 60, 20, 8, 10].map((tap) => tap / 256);

/** With 3 and with 8 channels: numbers one by one, and four at a time. */
const images: [what: string, f: (x: Tensor) => Tensor, shape: [number, number, number]][] = [
  ['nearest upsampling by 2', (x) => upsampleNearest(x, 2), [2, 5, 7]],
  ['nearest upsampling by 3', (x) => upsampleNearest(x, 3), [2, 3, 2]],
  ['average pooling by 2', (x) => averagePool(x, 2), [2, 6, 10]],
  ['average pooling by 3', (x) => averagePool(x, 3), [2, 6, 9]],
  ['FIR upsampling', (x) => firUp(x), [2, 5, 6]],
  ['FIR downsampling', (x) => firDown(x), [2, 6, 8]],
  [
    'FIR by 3/2, nine taps, cropped',
    (x) => firResample(x, {up: 3, down: 2, padding: [6, -3, -2, 7], taps: nine}),
    [2, 6, 7],
  ],
  ['bilinear enlargement', (x) => resizeBilinear(x, 13, 9), [2, 6, 5]],
  ['bilinear reduction', (x) => resizeBilinear(x, 4, 3), [2, 9, 11]],
  ['bilinear resizing from one pixel', (x) => resizeBilinear(x, 3, 4), [2, 1, 1]],
];

describe('cuda: kernels for images on the emulator', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  const device = withEmulator();
  /** Sources and entries of what was launched. */
  const launched = new Set<string>();

  describe('convolutions of our own, against their definition', () => {
    for (const [what, variant, conv] of convolutions) {
      it(`${what}: y, dx and dFilter, the same bits in every order and with indices of 64 bits`, async () => {
        const {emulation} = device();
        const {gpu} = emulation;
        const seen = new Set<string>();
        emulation.seen = ({source, entry}) => {
          seen.add(source.name);
          launched.add(`${source.name} ${entry}`);
        };
        const {groups, batchSize: n, filterHeight, filterWidth, inChannels, outChannels} = conv;
        const shapes = {
          x: [n, conv.inHeight, conv.inWidth, inChannels],
          filter: [filterHeight, filterWidth, inChannels / groups, outChannels],
          y: [n, conv.outHeight, conv.outWidth, outChannels],
        };
        const compute = (): Tensor[] => {
          const [x, filter, dy] = [random(shapes.x, 1), random(shapes.filter, 2), random(shapes.y, 3)];
          const made = (shape: number[], compute: (gpu: Gpu, to: bigint) => void): Tensor => {
            const {info, address} = gpu.output(shape, 'float32');
            gpu.operation('convolution', [], () => compute(gpu, address));
            return tf.engine().makeTensorFromTensorInfo(info);
          };
          const [atX, atFilter, atDy] = [x, filter, dy].map((tensor) => gpu.address(tensor)) as [
            bigint,
            bigint,
            bigint,
          ];
          return [
            made(shapes.y, (_, to) => convolve(gpu, conv, atX, atFilter, to)),
            made(shapes.x, (_, to) => convolveInputGradient(gpu, conv, atDy, atFilter, to)),
            made(shapes.filter, (_, to) => convolveFilterGradient(gpu, conv, atX, atDy, to)),
            made(shapes.y, ({dnn}, to) => dnn.forward(conv, x, filter, {address: to, type: 'float'})),
            made(shapes.x, ({dnn}, to) => dnn.dataGradient(conv, dy, filter, {address: to, type: 'float'})),
            made(shapes.filter, ({dnn}, to) => dnn.filterGradient(conv, x, dy, to)),
          ];
        };
        const results = await on(emulatorName, compute);
        for (const [order, wideIndices] of [
          ['forwards', false],
          ['backwards', true],
        ] as const) {
          Object.assign(emulation, {order, wideIndices});
          expect(await on(emulatorName, compute), `${order}, indices of ${wideIndices ? 64 : 32} bits`).to.deep.equal(
            results,
          );
        }
        Object.assign(emulation, {order: 'mixed', wideIndices: false});
        delete emulation.seen;
        expect([...seen]).to.deep.equal([`convolve/${variant}`]);
        for (const i of [0, 1, 2]) expectClose(results[i]!.values, results[i + 3]!.values, ['y', 'dx', 'dFilter'][i]);
      });
    }
  });

  for (const [what, f, [n, h, w]] of images) {
    it(`${what} and its gradient, as composed on the cpu backend, with one launch each`, async () => {
      for (const c of [3, 8]) {
        const compute = (): Tensor[] => {
          const x = random([n, h, w, c], 1);
          const y = f(x);
          return [y, tf.grad(f)(x, random(y.shape, 2))];
        };
        const wanted = await on('cpu', compute);
        const seen: string[] = [];
        const {emulation} = device();
        emulation.seen = ({source, entry}) => {
          seen.push(source.name);
          launched.add(`${source.name} ${entry}`);
        };
        await expectSame(compute, wanted);
        delete emulation.seen;
        // its value, the value again for its gradient, the gradient
        expect(new Set(seen.map((name) => name.split('/')[1]))).to.deep.equal(new Set([c === 8 ? '4' : '1']));
        expect(seen).to.have.length(3);
      }
    });
  }

  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    it(`channels to pixels and back, ${dtype}: the same bits as composed on the cpu backend`, async () => {
      for (const factor of [2, 3]) {
        const compute = (): Tensor[] => {
          const x = tf.cast(tf.mul(random([2, 3, 5, 2 * factor ** 2], 1), 9), dtype);
          const large = pixelShuffle(x, factor);
          return [large, pixelUnshuffle(large, factor), x];
        };
        const {emulation} = device();
        emulation.seen = ({source, entry}) => launched.add(`${source.name} ${entry}`);
        const got = await on(emulatorName, compute);
        delete emulation.seen;
        expect(got).to.deep.equal(await on('cpu', compute));
        expect(got[1]).to.deep.equal(got[2]);
      }
    });
  }

  // in a suite of its own, which comes after the others
  describe('all together', () => {
    it('these are all variants, and each is launched', () => {
      const own = sources.filter(({name}) => /^(convolve|resample|shuffle)\//.test(name));
      const all = own.flatMap((source) => entriesOf(source).map((entry) => `${source.name} ${entry}`));
      expect(all.filter((one) => !launched.has(one))).to.deep.equal([]);
    });
  });
});
