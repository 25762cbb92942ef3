import {expect} from 'chai';
import fc from 'fast-check';
import {resizeBilinear} from '../../../dist/backends/fused/bilinear.js';
import {firResample} from '../../../dist/backends/fused/fir.js';
import {groupedConv, groupedConvTranspose} from '../../../dist/backends/fused/grouped-conv.js';
import {pixelShuffle, pixelUnshuffle} from '../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../dist/backends/fused/upsample.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {kernels} from '../../../plugins/wasm/src/kernels/index.js';
import {expectSame, forAll, random, withDevice} from './support.js';

type Pair = [number, number];

/** Random cases of each property. */
const runs = 40;

const upTo = (max: number) => fc.integer({min: 1, max});
const pairUpTo = (max: number) => fc.tuple(upTo(max), upTo(max));
/** x and its gradient for a given gradient of the result. */
const withGradient = (compute: (x: Tensor) => Tensor, x: Tensor): Tensor[] => {
  const y = compute(x);
  return [y, tf.grad(compute)(x, random(y.shape, 99))];
};

describe('wasm: convolution in groups', function () {
  this.timeout(300_000);
  withDevice();

  const convolutions = fc.record({
    batch: upTo(3),
    inSize: pairUpTo(11),
    groups: upTo(4),
    inWide: fc.constantFrom(1, 1, 2, 3, 4, 8, 9),
    outWide: fc.constantFrom(1, 1, 2, 5, 8, 16, 17, 20),
    kernelSize: pairUpTo(4),
    stride: pairUpTo(3),
    dilation: pairUpTo(2),
    padding: fc.tuple(fc.integer({min: 0, max: 3}), fc.integer({min: 0, max: 3})),
    /** Rows and columns of the result that are left out, or that lie beyond the input. */
    more: fc.tuple(fc.integer({min: -1, max: 1}), fc.integer({min: -1, max: 1})),
    seed: fc.nat(1000),
  });

  it('and both its gradients agree with the composition', () =>
    forAll(
      convolutions,
      async ({batch, groups, inWide, outWide, more, seed, ...sizes}) => {
        const {inSize, kernelSize, stride, dilation, padding} = sizes;
        const outSize = inSize.map((size, i) => {
          const reach = dilation[i]! * (kernelSize[i]! - 1) + 1;
          return Math.floor((size + 2 * padding[i]! - reach) / stride[i]!) + 1 + more[i]!;
        }) as Pair;
        fc.pre(outSize.every((size) => size > 0));
        const attrs = {...sizes, groups, outSize};
        const x = random([batch, ...inSize, groups * inWide], seed);
        const filter = random([...kernelSize, inWide, groups * outWide], seed + 1);
        const dy = random([batch, ...outSize, groups * outWide], seed + 2);
        await expectSame(() => [
          groupedConv(x, filter, attrs),
          groupedConvTranspose(dy, filter, attrs),
          tf.grad((weights) => groupedConv(x, weights, attrs))(filter, dy),
        ]);
      },
      runs,
    ));
});

describe('wasm: resampling of images', function () {
  this.timeout(300_000);
  withDevice();

  const shapes = fc.tuple(upTo(2), upTo(7), upTo(6), fc.constantFrom(1, 3, 4, 8, 13)).map((shape): number[] => shape);
  const number = fc.integer({min: -4, max: 4});

  it('by a filter agrees with the composition', () =>
    forAll(
      fc.record({
        shape: shapes,
        up: upTo(3),
        down: upTo(3),
        taps: fc.array(number, {minLength: 1, maxLength: 6}),
        padding: fc.tuple(number, number, number, number),
      }),
      async ({shape, taps, ...rest}) => {
        const attrs = {...rest, taps: taps.map((tap) => tap / 4)};
        const [top, bottom, left, right] = rest.padding;
        const fits =
          shape[1]! * rest.up + top + bottom >= taps.length && shape[2]! * rest.up + left + right >= taps.length;
        fc.pre(fits);
        await expectSame(() => withGradient((x) => firResample(x, attrs), random(shape, 1)));
      },
      runs,
    ));

  it('by interpolation agrees with the composition', () =>
    forAll(
      fc.tuple(shapes, pairUpTo(12)),
      ([shape, [height, width]]) =>
        expectSame(() => withGradient((x) => resizeBilinear(x, height, width), random(shape, 2))),
      runs,
    ));

  it('by a whole factor agrees with the composition', () =>
    forAll(
      fc.tuple(shapes, upTo(3)),
      async ([[n, h, w, c], factor]) => {
        const large = [n!, h! * factor, w! * factor, c!];
        await expectSame(() => [
          ...withGradient((x) => upsampleNearest(x, factor), random([n!, h!, w!, c!], 3)),
          ...withGradient((x) => averagePool(x, factor), random(large, 4)),
          ...withGradient((x) => pixelUnshuffle(x, factor), random(large, 5)),
          ...withGradient((x) => pixelShuffle(x, factor), random([n!, h!, w!, c! * factor ** 2], 6)),
        ]);
      },
      runs,
    ));

  it('is done by kernels of its own', () => {
    const own = kernels.map(({name}) => name);
    expect(own).to.include.members(['FirResample', 'BilinearResizeTranspose', 'UpsampleNearest', 'BlockSum']);
    expect(own).to.include.members(['PixelShuffle', 'PixelUnshuffle', 'GroupedConv2D', 'GroupedConv2DBackpropInput']);
  });
});
