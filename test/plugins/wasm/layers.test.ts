import {expect} from 'chai';
import fc from 'fast-check';
import {conv, convTranspose, type ConvTransposeArgs} from '../../../dist/backends/fused/conv.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {expectSame, forAll, random, withDevice} from './support.js';

/** Convolutions as layers make them, in one to three dimensions; one that does not fit is no case. */
const convolutions = fc.integer({min: 1, max: 3}).chain((dims) => {
  const each = (arbitrary: fc.Arbitrary<number>) => fc.array(arbitrary, {minLength: dims, maxLength: dims});
  return fc.record({
    batch: fc.integer({min: 1, max: 2}),
    spatial: each(fc.integer({min: 1, max: dims === 3 ? 5 : 9})),
    kernel: each(fc.integer({min: 1, max: dims === 3 ? 3 : 4})),
    stride: each(fc.integer({min: 1, max: 3})),
    padding: each(fc.integer({min: 0, max: 2})),
    dilation: each(fc.integer({min: 1, max: 3})),
    outputPadding: fc.constant(new Array<number>(dims).fill(0)),
    groups: fc.integer({min: 1, max: 3}),
    // of one group
    inChannels: fc.constantFrom(1, 2, 3, 5, 16),
    outChannels: fc.constantFrom(1, 2, 4, 7, 16),
    transposed: fc.boolean(),
    seed: fc.nat(1000),
  });
});
type Convolution = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

/** Whether the result has an extent in every dimension. */
function fits({spatial, kernel, stride, padding, dilation, transposed}: Convolution): boolean {
  return spatial.every((size, i) => {
    const reach = dilation[i]! * (kernel[i]! - 1) + 1;
    return transposed ? (size - 1) * stride[i]! - 2 * padding[i]! + reach > 0 : size + 2 * padding[i]! >= reach;
  });
}

const input = ({batch, spatial, groups, inChannels, seed}: Convolution): Tensor =>
  random([batch, ...spatial, groups * inChannels], seed);
const filter = ({kernel, groups, inChannels, outChannels, transposed, seed}: Convolution): Tensor =>
  random(
    [...kernel, ...(transposed ? [outChannels, groups * inChannels] : [inChannels, groups * outChannels])],
    seed + 1,
  );
const apply = (c: Convolution & ConvTransposeArgs, x: Tensor, weights: Tensor): Tensor =>
  c.transposed ? convTranspose(x, weights, c) : conv(x, weights, c);

describe('wasm: convolutions of layers, with groups, dilations, in one to three dimensions', function () {
  this.timeout(300_000);
  withDevice();

  it('have the values of the cpu backend, and its gradients', () =>
    forAll(convolutions, async (c) => {
      fc.pre(fits(c));
      await expectSame(() => {
        const [x, weights] = [input(c), filter(c)];
        const y = apply(c, x, weights);
        return [y, ...tf.grads((a, b) => apply(c, a!, b!))([x, weights], random(y.shape, c.seed + 2))];
      });
    }));

  it('have gradients that match finite differences', () =>
    forAll(convolutions, async (c) => {
      fc.pre(fits(c));
      tf.tidy(() => {
        const operands = [input(c), filter(c)];
        const factors = random(apply(c, operands[0]!, operands[1]!).shape, c.seed + 2);
        const gradients = tf.grads((x, weights) => apply(c, x!, weights!))(operands, factors);
        operands.forEach((operand, which) => {
          const direction = random(operand.shape, c.seed + 3);
          // Linear in each operand: the difference has no error but rounding.
          const moved = (step: number) => {
            const at = operands.map((other, i) => (i === which ? tf.add(operand, tf.mul(direction, step)) : other));
            return apply(c, at[0]!, at[1]!).dataSync();
          };
          const [ahead, behind, weights] = [moved(0.5), moved(-0.5), factors.dataSync()];
          const terms = Array.from(weights, (factor, i) => (ahead[i]! - behind[i]!) * factor);
          const derivative = dot(gradients[which]!.dataSync(), direction.dataSync());
          const scale = terms.reduce((total, term) => total + Math.abs(term), 1e-3);
          expect(derivative, which === 0 ? 'input' : 'filter').to.be.closeTo(
            terms.reduce((total, term) => total + term, 0),
            1e-4 * scale,
          );
        });
      });
    }));
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((total, value, i) => total + value * b[i]!, 0);
}
