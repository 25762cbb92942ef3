import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import {resizeBilinear} from '../../../dist/backends/fused/bilinear.js';
import {affineSample} from '../../../dist/backends/fused/affine-sample.js';
import {conv, convTranspose} from '../../../dist/backends/fused/conv.js';
import {cutOut} from '../../../dist/backends/fused/cut-out.js';
import {firDown, firResample, firUp} from '../../../dist/backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../dist/backends/fused/upsample.js';
import {dispatchesOf, on, random, withWebgpu, type Result} from './support.js';

/** Sums in another order: 1e-5 of the largest. */
function expectClose(got: Result[], wanted: Result[]): void {
  expect(got.map(({shape}) => shape)).to.deep.equal(wanted.map(({shape}) => shape));
  for (const [i, {values}] of wanted.entries()) {
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    const worst = values.reduce((max, value, j) => Math.max(max, Math.abs(value - got[i]!.values[j]!)), 0);
    expect(worst / largest, `result ${i}`).to.be.below(1e-5);
  }
}

/** The value and the gradients of all inputs. */
const everything = (f: (...xs: Tensor[]) => Tensor, shapes: readonly number[][]) => (): Tensor[] => {
  const inputs = shapes.map((shape, i) => random(shape, i + 1));
  const y = f(...inputs);
  return [y, ...tf.grads((...xs) => f(...xs))(inputs, random(y.shape, 9))];
};

/** How many dispatches the value takes, and the value with the gradients. */
async function dispatches(f: (...xs: Tensor[]) => Tensor, shapes: readonly number[][]): Promise<[number, number]> {
  const inputs = shapes.map((shape, i) => random(shape, i + 1));
  const y = f(...inputs);
  const dy = random(y.shape, 9);
  await tf.add(dy, 0).data(); // whatever was waiting
  const value = dispatchesOf(() => f(...inputs).dispose());
  const all = dispatchesOf(() => tf.dispose(tf.grads((...xs) => f(...xs))(inputs, dy)));
  tf.dispose([...inputs, y, dy]);
  return [value, all];
}

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
  ['bilinear reduction of 11 pixels to 2', (x) => resizeBilinear(x, 2, 2), [1, 11, 10]],
  ['bilinear resizing from one pixel', (x) => resizeBilinear(x, 3, 4), [2, 1, 1]],
  ['channels to pixels by 2', (x) => pixelShuffle(tf.concat([x, x, x, x], 3), 2), [2, 3, 5]],
  ['pixels to channels by 3', (x) => pixelUnshuffle(x, 3), [2, 6, 9]],
];

const args = {stride: [1, 1], padding: [1, 1], dilation: [1, 1]};
const transposed = {...args, outputPadding: [0, 0]};

const convolutions: [what: string, f: (x: Tensor, filter: Tensor) => Tensor, shapes: number[][]][] = [
  [
    'groups of 4 and 8 channels',
    (x, w) => conv(x, w, {...args, groups: 3}),
    [
      [2, 9, 7, 12],
      [3, 3, 4, 24],
    ],
  ],
  [
    'groups of 8, stride 2',
    (x, w) => conv(x, w, {...args, stride: [2, 2], groups: 2}),
    [
      [2, 8, 10, 16],
      [4, 4, 8, 16],
    ],
  ],
  [
    'groups of 3, dilated',
    (x, w) => conv(x, w, {...args, stride: [2, 2], dilation: [2, 2], groups: 2}),
    [
      [2, 9, 8, 6],
      [3, 2, 3, 4],
    ],
  ],
  [
    'a filter for each of 6 channels',
    (x, w) => conv(x, w, {...args, groups: 6}),
    [
      [3, 7, 5, 6],
      [3, 3, 1, 6],
    ],
  ],
  [
    'a filter for each of 12 channels',
    (x, w) => conv(x, w, {...args, stride: [2, 2], groups: 12}),
    [
      [2, 7, 6, 12],
      [4, 4, 1, 12],
    ],
  ],
  [
    'two filters for each channel',
    (x, w) => conv(x, w, {...args, groups: 3}),
    [
      [2, 5, 5, 3],
      [3, 3, 1, 6],
    ],
  ],
  [
    'transposed, groups of 4',
    (x, w) => convTranspose(x, w, {...transposed, stride: [2, 2], groups: 2}),
    [
      [2, 5, 4, 8],
      [4, 4, 4, 8],
    ],
  ],
  [
    'lines',
    (x, w) => conv(x, w, {stride: [1], padding: [2], dilation: [1], groups: 2}),
    [
      [2, 40, 8],
      [5, 4, 8],
    ],
  ],
];

/** Affine maps of two images: a turn, and a quarter turn that shrinks. */
const affine = (): Tensor => tf.tensor([0.8, -0.6, 2.3, 0.6, 0.8, -1.7, 0.1, -2.2, 9.4, 2.2, 0.1, -3.3], [2, 6]);
const augmentations: [what: string, f: (x: Tensor) => Tensor, dispatches: [number, number]][] = [
  ['affine maps, reflecting', (x) => affineSample(x, affine(), {outside: 'reflect', size: [7, 9]}), [1, 2]],
  ['affine maps, zero outside', (x) => affineSample(x, affine(), {outside: 'zero'}), [1, 2]],
  ['cut out', (x) => cutOut(x, tf.tensor([1, 2, 4, 9, -3, -3, 2, 2], [2, 4])), [1, 2]],
];

describe('webgpu: resampling and convolution in groups', function () {
  this.timeout(60_000);
  withWebgpu();

  for (const [what, f, count] of augmentations)
    it(`${what} and its gradient, as composed on the cpu backend; ${count[0]} dispatch each`, async () => {
      const shape = [2, 6, 5, 3];
      expectClose(await on('webgpu', everything(f, [shape])), await on('cpu', everything(f, [shape])));
      expect(await dispatches(f, [shape])).to.deep.equal(count);
    });

  for (const [what, f, [n, h, w]] of images) {
    it(`${what} and its gradient, as composed on the cpu backend`, async () => {
      for (const c of [3, 8, 9]) {
        const compute = everything(f, [[n, h, w, what.startsWith('channels') ? 4 * c : c]]);
        expectClose(await on('webgpu', compute), await on('cpu', compute));
      }
    });
  }

  for (const [what, f, shapes] of convolutions) {
    it(`convolution, ${what}: the value and the gradients, as composed on the cpu backend`, async () => {
      const compute = everything(f as (...xs: Tensor[]) => Tensor, shapes);
      expectClose(await on('webgpu', compute), await on('cpu', compute));
    });
  }

  it('whole numbers and truth values are moved as they are', async () => {
    for (const dtype of ['int32', 'bool'] as const) {
      const compute = (): Tensor[] => {
        const x = tf.cast(tf.mul(random([2, 3, 5, 8], 1), 9), dtype);
        const large = pixelShuffle(x, 2);
        return [large, pixelUnshuffle(large, 2)];
      };
      expect(await on('webgpu', compute)).to.deep.equal(await on('cpu', compute));
    }
  });

  it('takes one dispatch for each value and gradient, two for that of a filter', async () => {
    for (const [what, f, [n, h, w]] of images.filter(([what]) => !what.startsWith('channels')))
      expect(await dispatches(f, [[n, h, w, 8]]), what).to.deep.equal([1, 2]);
    for (const [what, f, shapes] of convolutions.filter(([what]) => what !== 'lines')) {
      const [value, all] = await dispatches(f as (...xs: Tensor[]) => Tensor, shapes);
      expect(value, what).to.equal(1);
      expect(all, what).to.be.within(3, 4); // images of few lines need no second dispatch
    }
  });

  it('refuses sides beyond its whole numbers', () => {
    const x = tf.zeros([1, 1, 30_000, 1]);
    expect(() => resizeBilinear(x, 1, 30_000)).to.throw('their sides are too long');
    x.dispose();
  });
});
