import {expect} from 'chai';
import {Rng, SelfAttention, tf, type Tensor} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random} from '../helpers.js';
import {channelsFirst, channelsLast} from './layout.js';
import {differences, matrixRows, plain, powerIteration, sigma, type Plain} from './reference.js';

/** Weights divided by their largest singular value as estimated after one iteration, [out][in]. */
function projection(weight: Plain, u: Plain): number[][] {
  const rows = matrixRows(weight, 0);
  const {u: left, v} = powerIteration(rows, u.data as Float64Array);
  const scale = sigma(rows, left, v);
  return rows.map((row) => [...row].map((value) => value / scale));
}

/** fastai's forward: f, g, h of [n, L]; softmax of f^T g down its columns; gamma (h B) + x. */
function attend(x: Plain, [query, key, value]: [number[][], number[][], number[][]], gamma: number): Plain {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const length = spatial.reduce((a, b) => a * b, 1);
  const at = (n: number, c: number, l: number): number => x.data[(n * channels + c) * length + l]!;
  const apply = (weight: number[][], n: number): number[][] =>
    weight.map((row) => Array.from({length}, (_, l) => row.reduce((sum, w, c) => sum + w * at(n, c, l), 0)));
  const y = plain(x.shape, x.data);
  for (let n = 0; n < batch; n++) {
    const [f, g, h] = [apply(query, n), apply(key, n), apply(value, n)];
    for (let j = 0; j < length; j++) {
      const scores = Array.from({length}, (_, i) => f.reduce((sum, row, k) => sum + row[i]! * g[k]![j]!, 0));
      const exps = scores.map(Math.exp);
      const total = exps.reduce((a, b) => a + b, 0);
      for (let c = 0; c < channels; c++)
        y.data[(n * channels + c) * length + j]! +=
          gamma * exps.reduce((sum, e, i) => sum + h[c]![i]! * (e / total), 0);
    }
  }
  return y;
}

describe('SelfAttention', () => {
  withDevice();

  async function weights(layer: SelfAttention): Promise<[number[][], number[][], number[][]]> {
    const state = await layer.stateDict();
    const of = (name: string): Plain => plain(state.get(name)!.shape, Array.from(state.get(name)!.data, Number));
    return ['query', 'key', 'value'].map((name) =>
      projection(of(`${name}.0.weight_orig`), of(`${name}.0.weight_u`)),
    ) as [number[][], number[][], number[][]];
  }

  it('adds what fastai adds: values mixed by a softmax over the columns of query^T key', async () => {
    const layer = new SelfAttention(17, {rng: new Rng(3)}); // 17 // 8 = 2 features of queries and keys
    layer.gamma.variable.assign(tf.tensor([0.7]));
    const used = await weights(layer);
    expect(used.map((rows) => [rows.length, rows[0]!.length])).to.deep.equal([
      [2, 17],
      [2, 17],
      [17, 17],
    ]);
    const x = tf.variable(random([2, 2, 3, 17], 5));
    const c = plain([2, 17, 2, 3], new Rng(4).normal(204));
    const input = channelsFirst(x);
    let y: Tensor | undefined;
    const {grads} = tf.variableGrads(
      () => tf.sum(tf.mul((y = tf.keep(layer.forward(x))), channelsLast(c))),
      [x, layer.gamma.variable],
    );
    expectClose(channelsFirst(y!).data, attend(input, used, 0.7).data);
    const loss = (gamma = 0.7) =>
      attend(input, used, gamma).data.reduce((sum, value, i) => sum + value * c.data[i]!, 0);
    expectClose(
      channelsFirst(grads[x.name]!).data,
      differences(() => loss(), input),
      'gradient',
      'gradient of the input',
    );
    expectClose(
      grads[layer.gamma.variable.name]!,
      loss(1.7) - loss(0.7),
      'gradient',
      'gradient of gamma, in which the result is linear',
    );
    tf.dispose(y!);
  });

  it('changes nothing at first, when gamma is 0, and then gives a gradient to gamma only', () => {
    const layer = new SelfAttention(8, {rng: new Rng(3)});
    const x = random([1, 2, 2, 8], 5);
    expectClose(layer.forward(x), x.dataSync(), 'exact');
    const {grads} = tf.variableGrads(() => tf.sum(tf.square(layer.forward(x))));
    const largest = ([, {variable}]: [string, {variable: {name: string}}]) =>
      tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]!;
    for (const [name, parameter] of layer.namedParameters()) {
      if (name === 'gamma') expect(largest([name, parameter])).to.be.above(0.01);
      else expect(largest([name, parameter]), name).to.equal(0);
    }
  });

  it('has the names and shapes of fastai, and no biases', async () => {
    const state = await new SelfAttention(16).stateDict();
    expect([...state].map(([name, {shape}]) => `${name} [${shape.join()}]`)).to.deep.equal([
      'gamma [1]',
      'query.0.weight_orig [2,16,1]',
      'query.0.weight_u [2]',
      'query.0.weight_v [16]',
      'key.0.weight_orig [2,16,1]',
      'key.0.weight_u [2]',
      'key.0.weight_v [16]',
      'value.0.weight_orig [16,16,1]',
      'value.0.weight_u [16]',
      'value.0.weight_v [16]',
    ]);
  });

  it('works on sequences and volumes', () => {
    const layer = new SelfAttention(8);
    for (const shape of [
      [2, 5, 8],
      [1, 2, 3, 2, 8],
    ])
      expect(layer.forward(random(shape, 1)).shape).to.deep.equal(shape);
  });

  it('refuses fewer than 8 channels, and a tensor of other channels or without positions', async () => {
    expect((await ganError(() => new SelfAttention(7))).message).to.include('at least 8 channels');
    expect((await ganError(() => new SelfAttention(8).forward(tf.zeros([1, 2, 2, 9])))).message).to.equal(
      'SelfAttention(8): got a tensor of shape [1, 2, 2, 9], wanted [batch, ...spatial, 8]',
    );
    expect(await ganError(() => new SelfAttention(8).forward(tf.zeros([1, 8])))).to.include({code: 'GAN_SHAPE'});
  });
});
