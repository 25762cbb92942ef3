import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import {batchNorm} from '../../../dist/backends/fused/batch-norm.js';
import {dispatchesOf, on, random, withWebgpu, type Result} from './support.js';

const eps = 1e-5;

/** The layer's results and its gradients; values around `offset`. */
function everything(shape: number[], slope: number, offset = 0): Tensor[] {
  const channels = shape.at(-1)!;
  const inputs = [tf.add(random(shape, 1), offset), tf.add(random([channels], 2), 1.5), random([channels], 3)] as const;
  const {y, mean, variance} = batchNorm(...inputs, {eps, slope});
  return [
    y,
    mean,
    variance,
    ...tf.grads((x, weight, bias) => batchNorm(x!, weight!, bias!, {eps, slope}).y)([...inputs], random(shape, 4)),
  ];
}

/** Sums of many in another order: 1e-5 of the largest. */
function expectClose(got: Result[], wanted: Result[]): void {
  expect(got.map(({shape}) => shape)).to.deep.equal(wanted.map(({shape}) => shape));
  for (const [i, {values}] of wanted.entries()) {
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    const worst = values.reduce((max, value, j) => Math.max(max, Math.abs(value - got[i]!.values[j]!)), 0);
    expect(worst / largest, `result ${i}`).to.be.below(1e-5);
  }
}

/** What the conformance kit has no room for: it compares small ones, and gradients of gradients, with differences. */
describe('webgpu: batch norm with its activation', function () {
  this.timeout(60_000);
  withWebgpu();

  for (const [what, shape] of [
    ['more rows than the blocks hold at their smallest', [140_000, 4]],
    ['more channels than a workgroup has', [300, 36]],
  ] as const) {
    it(`with ${what}, as on the cpu backend`, async () => {
      const compute = () => everything([...shape], 1);
      expectClose(await on('webgpu', compute), await on('cpu', compute));
    });
  }

  it('keeps its precision far from zero, where the mean of squares minus the square of the mean loses it', async () => {
    const x = tf.add(random([20_000, 4], 5), 500);
    const values = await x.data();
    const column = Array.from({length: 20_000}, (_, i) => values[4 * i]!);
    const mean = column.reduce((a, b) => a + b, 0) / column.length;
    const variance = tf.tidy(() => batchNorm(x, tf.ones([4]), tf.zeros([4]), {eps, slope: 1}).variance);
    expect((await variance.data())[0]).to.be.closeTo(
      column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length,
      1e-5,
    );
    tf.dispose([x, variance]);
  });

  it('takes three dispatches, its gradient three more', async () => {
    const inputs = [random([6, 8], 1), tf.ones([8]), tf.zeros([8])] as const;
    const dy = random([6, 8], 2);
    await tf.add(dy, 0).data(); // whatever was waiting
    const layer = dispatchesOf(() => tf.tidy(() => batchNorm(...inputs, {eps, slope: 0}).y).dispose());
    const both = dispatchesOf(() =>
      tf.dispose(tf.grads((x, weight, bias) => batchNorm(x!, weight!, bias!, {eps, slope: 0}).y)([...inputs], dy)),
    );
    expect({layer, both}).to.deep.equal({layer: 3, both: 6});
    tf.dispose([...inputs, dy]);
  });
});
