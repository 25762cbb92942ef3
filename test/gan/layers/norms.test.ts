import {expect} from 'chai';
import {BatchNorm, InstanceNorm, setSeed, tf, type Tensor} from 'gankit';
import {useRanks} from '../../../dist/backends/fused/all-reduce.js';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random} from '../helpers.js';

describe('BatchNorm', () => {
  withDevice();

  // one channel with the values 1, 2, 3, 6 (mean 3, biased variance 3.5, unbiased 14/3), one with 0, 0, 4, 4 (2, 4,
  // 16/3)
  const x = (): Tensor => tf.tensor([1, 0, 2, 0, 3, 4, 6, 4], [2, 2, 1, 2]);
  const biased = [3.5, 4];

  it('normalises with the mean and the biased variance of the batch', () => {
    const layer = new BatchNorm(2, {weight: 2, bias: 0.5});
    const wanted = [1, 0, 2, 0, 3, 4, 6, 4].map(
      (value, i) => ((value - [3, 2][i % 2]!) / Math.sqrt(biased[i % 2]! + 1e-5)) * 2 + 0.5,
    );
    expectClose(layer.forward(x()), wanted);
  });

  it('keeps nine tenths of the running statistics, and takes a tenth of the mean and of the unbiased variance', () => {
    const layer = new BatchNorm(2);
    expectClose(layer.runningMean.variable, [0, 0], 'exact');
    expectClose(layer.runningVar.variable, [1, 1], 'exact');
    layer.forward(x());
    expectClose(layer.runningMean.variable, [0.3, 0.2]);
    expectClose(layer.runningVar.variable, [0.9 + (0.1 * 14) / 3, 0.9 + (0.1 * 16) / 3]);
    layer.forward(x());
    expectClose(layer.runningMean.variable, [0.9 * 0.3 + 0.3, 0.9 * 0.2 + 0.2]);
    expectClose(layer.runningVar.variable, [0.81 + (0.19 * 14) / 3, 0.81 + (0.19 * 16) / 3]);
    expect(layer.batchesTracked.value).to.equal(2);
  });

  it('asks no other rank outside of a training step, where those would not answer', () => {
    const layer = new BatchNorm(2);
    layer.synchronised = true;
    const refuse = (): never => {
      throw new Error('nobody answers');
    };
    const leave = useRanks({
      rank: 0,
      size: 2,
      hosts: ['a', 'b'],
      info: {},
      takesGpuMemory: false,
      memory: (count) => new Float32Array(count),
      allReduce: refuse,
      allReduceAt: refuse,
      broadcast: refuse,
      allGather: refuse,
      note: refuse,
      check: refuse,
    });
    try {
      layer.forward(x());
    } finally {
      leave();
    }
    expectClose(layer.runningMean.variable, [0.3, 0.2]);
  });

  it('takes the share that momentum says', () => {
    const layer = new BatchNorm(2, {momentum: 0.5});
    layer.forward(x());
    expectClose(layer.runningMean.variable, [1.5, 1]);
  });

  it('uses the running statistics in eval mode, and leaves them', () => {
    const layer = new BatchNorm(2);
    layer.forward(x());
    layer.eval();
    const [means, variances] = [
      [0.3, 0.2],
      [0.9 + 1.4 / 3, 0.9 + 1.6 / 3],
    ];
    const wanted = [1, 0, 2, 0, 3, 4, 6, 4].map(
      (value, i) => (value - means[i % 2]!) / Math.sqrt(variances[i % 2]! + 1e-5) + 0.001,
    );
    expectClose(layer.forward(x()), wanted);
    expectClose(layer.forward(x()), wanted);
    expect(layer.batchesTracked.value).to.equal(1);
  });

  it('normalises vectors too', () => {
    expectClose(new BatchNorm(1, {bias: 0}).forward(tf.tensor([1, 3], [2, 1])), [
      -1 / Math.sqrt(1 + 1e-5),
      1 / Math.sqrt(1 + 1e-5),
    ]);
  });

  it('leaves no tensor behind when its statistics change', () => {
    const layer = new BatchNorm(2);
    const input = x();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.tidy(() => void layer.forward(input));
    tf.tidy(() => void tf.variableGrads(() => tf.sum(tf.square(layer.forward(input))), [layer.weight.variable]));
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('refuses another number of channels, and a tensor without a batch', async () => {
    expect((await ganError(() => new BatchNorm(2).forward(tf.zeros([2, 3])))).message).to.equal(
      'batch norm of 2: got a tensor of shape [2, 3], wanted [batch, ..., 2]',
    );
    expect(await ganError(() => new BatchNorm(2).forward(tf.zeros([2])))).to.include({code: 'GAN_SHAPE'});
    expect((await ganError(() => new BatchNorm(2).forward(tf.zeros([1, 2])))).message).to.include(
      'more than one value per channel',
    );
    expect(new BatchNorm(2).eval().forward(tf.zeros([1, 2])).shape).to.deep.equal([1, 2]);
  });
});

describe('InstanceNorm', () => {
  withDevice();

  it('gives each channel of each image mean 0 and variance 1, in train and eval mode', () => {
    setSeed(1);
    const layer = new InstanceNorm(2, {weight: 3, bias: 0.25});
    const x = tf.tensor([1, 0, 3, 8, 10, 2, 30, 2], [2, 1, 2, 2]); // pairs: (1, 3), (0, 8); (10, 30), (2, 2)
    const scaled = (half: number): number => (3 * half) / Math.sqrt(half ** 2 + 1e-5) + 0.25;
    const wanted = [scaled(-1), scaled(-4), scaled(1), scaled(4), scaled(-10), 0.25, scaled(10), 0.25];
    expectClose(layer.forward(x), wanted);
    layer.eval();
    expectClose(layer.forward(x), wanted);
  });

  it('has no buffers', async () => {
    expect([...(await new InstanceNorm(2).stateDict()).keys()]).to.deep.equal(['weight', 'bias']);
  });

  it('refuses vectors and another number of channels', async () => {
    expect((await ganError(() => new InstanceNorm(2).forward(tf.zeros([3, 2])))).message).to.equal(
      'instance norm of 2: got a tensor of shape [3, 2], wanted [batch, ...spatial, 2]',
    );
    expect(await ganError(() => new InstanceNorm(2).forward(random([1, 4, 4, 3], 1)))).to.include({code: 'GAN_SHAPE'});
  });
});
