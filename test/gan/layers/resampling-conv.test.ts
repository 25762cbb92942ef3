import {expect} from 'chai';
import {Conv, DownConv, Rng, tf, UpConv, type Module, type StateDict, type Tensor} from 'gankit';
import type {Rank, Tensor4D} from '@tensorflow/tfjs-core';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random, valuesOf} from '../helpers.js';
import {matrixRows, plain, powerIteration, sigma, type Plain} from './reference.js';

const tensor = (state: StateDict, name: string): Plain =>
  plain(state.get(name)!.shape, Array.from(state.get(name)!.data, Number));

/** The two steps one after the other, by other operations than the fused layers use. */
const separate: Record<string, (x: Tensor4D, filter: Tensor4D, k: number) => Tensor> = {
  UpConv: (x, filter, k) => {
    const [n, h, w, c] = x.shape;
    // nearest upsampling as a product with ones: its gradients are exact on every backend
    const large = tf.mul(tf.reshape(x, [n * h, 1, w, 1, c]), tf.ones([1, 2, 1, 2, 1]));
    return tf.conv2d(tf.reshape<Rank.R4>(large, [n, 2 * h, 2 * w, c]), filter, 1, pad(k));
  },
  DownConv: (x, filter, k) => {
    const y = tf.conv2d(x, filter, 1, pad(k));
    const [n, h, w, c] = y.shape;
    return tf.reshape(tf.mean(tf.reshape(y, [(n * h) / 2, 2, w / 2, 2, c]), [1, 3]), [n, h / 2, w / 2, c]);
  },
};
const pad = (k: number): number => (k - 1) / 2;

const layers = {
  UpConv: (kernelSize: number) => new UpConv(3, 2, {kernelSize, bias: false, rng: new Rng(kernelSize)}),
  DownConv: (kernelSize: number) => new DownConv(3, 2, {kernelSize, bias: false, rng: new Rng(kernelSize)}),
};

/** The trained filter as tfjs's [height, width, in, out], from PyTorch's [out, in, height, width]. */
async function filterOf(layer: Module, name = 'weight'): Promise<Tensor4D> {
  const {data, shape} = (await layer.stateDict()).get(name)!;
  return tf.transpose(tf.tensor4d(data as Float32Array, shape as [number, number, number, number]), [2, 3, 1, 0]);
}

/** A function of x and the filter; its gradients; and the gradients of a function of the first gradient. */
function derivatives(
  f: (x: Tensor4D, filter: Tensor4D) => Tensor,
  x: Tensor4D,
  filter: Tensor4D,
): Record<string, Tensor> {
  const value = f(x, filter);
  const weights = random(value.shape, 3);
  const sum = (a: Tensor, b: Tensor): Tensor => tf.sum(tf.mul(tf.square(f(a as Tensor4D, b as Tensor4D)), weights));
  const [dx, dFilter] = tf.grads(sum)([x, filter]) as [Tensor, Tensor];
  const slopes = (a: Tensor, b: Tensor): Tensor => tf.sum(tf.square(tf.grad((c: Tensor) => sum(c, b))(a)));
  const [ddx, ddFilter] = tf.grads(slopes)([x, filter]) as [Tensor, Tensor];
  return {value, dx, dFilter, ddx, ddFilter};
}

/** The layer as a function of a filter that is given to it: a linear map of its parameter. */
function asFunction(layer: Module): (x: Tensor4D, filter: Tensor4D) => Tensor {
  const parameter = layer.parameters()[0]!;
  const transposed = layer instanceof UpConv;
  return (x, filter) => {
    const stored = transposed ? tf.transpose(filter, [0, 1, 3, 2]) : filter;
    const {variable} = parameter;
    Object.defineProperty(parameter, 'variable', {value: stored, configurable: true});
    try {
      return layer.forward(x);
    } finally {
      Object.defineProperty(parameter, 'variable', {value: variable, configurable: true});
    }
  };
}

describe('convolutions fused with resampling', () => {
  withDevice();

  for (const name of ['UpConv', 'DownConv'] as const) {
    for (const kernelSize of [1, 3, 5]) {
      it(`${name}, ${kernelSize}x${kernelSize}: values up to the border, first and second derivatives are those of the two steps`, async () => {
        const layer = layers[name](kernelSize);
        const x = random([2, 4, 6, 3], 1) as Tensor4D;
        const filter = await filterOf(layer);
        const got = derivatives(asFunction(layer), x, filter);
        const wanted = derivatives((a, b) => separate[name]!(a, b, kernelSize), x, filter);
        for (const [what, tensor] of Object.entries(got)) {
          expect(tensor.shape, what).to.deep.equal(wanted[what]!.shape);
          expectClose(tensor, valuesOf(wanted[what]!), 'gradient', what);
        }
      });
    }
  }

  it('have closed forms: the filter with a one in its middle repeats pixels, or averages them', async () => {
    const set = (layer: Module): Module => {
      const data = new Float32Array(9);
      data[4] = 1;
      layer.loadStateDict(new Map([['weight', {dtype: 'F32', shape: [1, 1, 3, 3], data}]]));
      return layer;
    };
    const up = set(new UpConv(1, 1, {bias: false}));
    const down = set(new DownConv(1, 1, {bias: false}));
    expectClose(
      up.forward(tf.tensor([1, 2, 3, 4], [1, 2, 2, 1])),
      [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4],
      'exact',
    );
    expectClose(down.forward(tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1])), [3.5, 5.5], 'exact');
  });

  for (const name of ['UpConv', 'DownConv'] as const) {
    it(`${name} divides by the spectral norm of the trained filter, as torch.nn.Conv2d of the same state`, async () => {
      const conv = new Conv(3, 4, {kernelSize: 3, reparametrization: 'spectral', rng: new Rng(1)});
      const layer = new {UpConv, DownConv}[name](3, 4, {reparametrization: 'spectral', rng: new Rng(2)});
      const shapes = async (of: Module): Promise<string[]> =>
        [...(await of.stateDict())].map(([key, {shape}]) => `${key} ${shape.join()}`);
      expect(await shapes(layer)).to.deep.equal(await shapes(conv));
      layer.loadStateDict(await conv.stateDict());
      const x = random([1, 4, 4, 3], 5) as Tensor4D;
      tf.tidy(() => void layer.forward(x)); // one power iteration
      const before = await conv.stateDict();
      const rows = matrixRows(tensor(before, 'weight_orig'), 0);
      const {u, v} = powerIteration(rows, tensor(before, 'weight_u').data);
      const after = await layer.stateDict();
      expectClose(tensor(after, 'weight_u').data, u, 'sum', 'u');
      expectClose(tensor(after, 'weight_v').data, v, 'sum', 'v');
      const filter = tf.div(await filterOf(layer, 'weight_orig'), sigma(rows, u, v)) as Tensor4D;
      const wanted = tf.add(separate[name]!(x, filter, 3), tf.tensor(Array.from(tensor(before, 'bias').data)));
      expectClose(layer.eval().forward(x), valuesOf(wanted), 'sum');
    });
  }

  it('refuse sizes that cannot be', async () => {
    expect((await ganError(() => new UpConv(1, 1, {kernelSize: 4}))).message).to.include(
      'kernelSize is 4, wanted an odd',
    );
    expect((await ganError(() => new DownConv(0, 1))).message).to.include('in channels is 0');
    const {message} = await ganError(() => new DownConv(1, 2).forward(tf.zeros([1, 3, 4, 1])));
    expect(message).to.include('DownConv(1, 2, 3)').and.include('even height');
    expect((await ganError(() => new UpConv(2, 2).forward(tf.zeros([1, 4, 4, 1])))).message).to.include(
      'height, width, 2]',
    );
  });
});
