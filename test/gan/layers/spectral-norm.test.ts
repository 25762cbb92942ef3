import {expect} from 'chai';
import {basicCritic, Conv, GANLoss, GANModule, Rng, tf, wganLosses, type StateDict} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {random} from '../helpers.js';
import {matrixRows, plain, powerIteration, sigma, type Plain} from './reference.js';

/** Largest singular value: the root of the largest eigenvalue of W W^T, by Jacobi rotations; no power iteration. */
function largestSingularValue(rows: Float64Array[]): number {
  const n = rows.length;
  const a = rows.map((row) => rows.map((other) => row.reduce((sum, value, i) => sum + value * other[i]!, 0)));
  for (let sweep = 0; sweep < 50; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) < 1e-15) continue;
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let k = 0; k < n; k++)
          [a[k]![p], a[k]![q]] = [c * a[k]![p]! - s * a[k]![q]!, s * a[k]![p]! + c * a[k]![q]!];
        for (let k = 0; k < n; k++)
          [a[p]![k], a[q]![k]] = [c * a[p]![k]! - s * a[q]![k]!, s * a[p]![k]! + c * a[q]![k]!];
      }
    }
  }
  return Math.sqrt(Math.max(...a.map((row, i) => row[i]!)));
}

const tensor = (state: StateDict, name: string): Plain =>
  plain(state.get(name)!.shape, Array.from(state.get(name)!.data, Number));

describe('spectral norm', () => {
  withDevice();

  for (const transposed of [false, true]) {
    it(`approaches the largest singular value of the${transposed ? ' transposed' : ''} weight, so that the weight used has one of 1`, async () => {
      const conv = new Conv(3, 4, {kernelSize: 2, transposed, reparametrization: 'spectral', rng: new Rng(2)});
      const x = random([1, 3, 3, 3], 1);
      for (let i = 0; i < 150; i++) tf.tidy(() => void conv.forward(x));
      const state = await conv.stateDict();
      const rows = matrixRows(tensor(state, 'weight_orig'), transposed ? 1 : 0);
      const estimate = sigma(rows, tensor(state, 'weight_u').data, tensor(state, 'weight_v').data);
      expectClose(estimate, largestSingularValue(rows), 'gradient');
    });
  }

  it('starts from unit vectors without an iteration', async () => {
    const state = await new Conv(3, 4, {kernelSize: 2, reparametrization: 'spectral'}).stateDict();
    for (const name of ['weight_u', 'weight_v']) expectClose(Math.hypot(...tensor(state, name).data), 1, 'sum', name);
    const rows = matrixRows(tensor(state, 'weight_orig'), 0);
    const {v} = powerIteration(rows, tensor(state, 'weight_u').data);
    expect(Math.abs(v[0]! - tensor(state, 'weight_v').data[0]!)).to.be.above(1e-3);
  });

  it('does one iteration in a forward pass of train mode, and none in eval mode', async () => {
    const conv = new Conv(2, 3, {kernelSize: 3, reparametrization: 'spectral', rng: new Rng(4)});
    const x = random([1, 4, 4, 2], 1);
    const before = await conv.stateDict();
    const rows = matrixRows(tensor(before, 'weight_orig'), 0);
    conv.eval();
    conv.forward(x);
    expect(await conv.stateDict()).to.deep.equal(before);
    conv.train();
    conv.forward(x);
    const once = powerIteration(rows, tensor(before, 'weight_u').data);
    expectClose(tensor(await conv.stateDict(), 'weight_u').data, once.u, 'sum', 'u');
    expectClose(tensor(await conv.stateDict(), 'weight_v').data, once.v, 'sum', 'v');
  });

  it('does two iterations in a critic step: real images, then generated ones', async () => {
    const generator = new Conv(1, 1, {kernelSize: 1});
    const critic = basicCritic(8, 1, {nFeatures: 2, nExtraLayers: 1, normType: 'Spectral'});
    const model = new GANModule(generator, critic);
    const loss = new GANLoss(wganLosses.genLossFunc, wganLosses.critLossFunc, model);
    const before = await critic.stateDict();
    const images = random([2, 8, 8, 1], 5);
    tf.tidy(
      () => void tf.variableGrads(() => loss.forward(model.forward(images), images) as ReturnType<typeof tf.scalar>),
    );
    const rows = matrixRows(tensor(before, '1.0.weight_orig'), 0);
    const once = powerIteration(rows, tensor(before, '1.0.weight_u').data);
    expectClose(tensor(await critic.stateDict(), '1.0.weight_u').data, powerIteration(rows, once.u).u);
  });
});

describe('weight norm', () => {
  withDevice();

  it('starts with the weight it was given: the lengths are those of the directions', async () => {
    const rng = (): Rng => new Rng(6);
    const given = new Conv(2, 3, {kernelSize: 2, rng: rng(), bias: false});
    const normed = new Conv(2, 3, {kernelSize: 2, rng: rng(), bias: false, reparametrization: 'weight'});
    const x = random([1, 3, 3, 2], 1);
    expectClose(normed.forward(x), given.forward(x).dataSync());
    const state = await normed.stateDict();
    const direction = tensor(state, 'weight_v');
    expectClose(
      tensor(state, 'weight_g').data,
      [0, 1, 2].map((i) => Math.hypot(...direction.data.slice(i * 8, (i + 1) * 8))),
    );
  });
});
