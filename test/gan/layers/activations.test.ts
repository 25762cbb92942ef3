import {expect} from 'chai';
import {
  Dense,
  LeakyReLU,
  nn,
  ReLU,
  ReLU6,
  Rng,
  Sigmoid,
  SigmoidRange,
  Tanh,
  tf,
  type Module,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {dense, ganError, valuesOf} from '../helpers.js';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

describe('activations', () => {
  withDevice();

  const points = [-90, -3, -0.5, 0.25, 2, 7, 90];
  const cases: [string, Module, (x: number) => number, (x: number) => number][] = [
    ['ReLU', new ReLU(), (x) => Math.max(0, x), (x) => (x > 0 ? 1 : 0)],
    ['ReLU6', new ReLU6(), (x) => Math.min(6, Math.max(0, x)), (x) => (x > 0 && x < 6 ? 1 : 0)],
    ["LeakyReLU with torch's slope of 0.01", new LeakyReLU(), (x) => (x > 0 ? x : 0.01 * x), (x) => (x > 0 ? 1 : 0.01)],
    ['LeakyReLU with a slope of 0.2', new LeakyReLU(0.2), (x) => (x > 0 ? x : 0.2 * x), (x) => (x > 0 ? 1 : 0.2)],
    ['Tanh', new Tanh(), Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
    ['Sigmoid', new Sigmoid(), logistic, (x) => logistic(x) * logistic(-x)],
    ['SigmoidRange', new SigmoidRange(-1, 3), (x) => 4 * logistic(x) - 1, (x) => 4 * logistic(x) * logistic(-x)],
  ];
  for (const [title, module, value, slope] of cases) {
    it(`${title}: value and slope, far from 0 too`, () => {
      const x = tf.variable(tf.tensor(points));
      let y: Tensor | undefined;
      const {grads} = tf.variableGrads(() => tf.sum((y = tf.keep(module.forward(x)))), [x]);
      expectClose(y!, points.map(value));
      expectClose(grads[x.name]!, points.map(slope), 'gradient');
      tf.dispose(y!);
    });
  }
});

describe('Dense', () => {
  withDevice();

  it("is x W^T + b with PyTorch's weight [out, in]", async () => {
    const layer = dense(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [0.5, -0.5],
    );
    expect(valuesOf(layer.forward(tf.tensor([[1, 10, 100]])))).to.deep.equal([321.5, 653.5]);
    expect([...(await layer.stateDict())].map(([name, {shape}]) => `${name} [${shape.join()}]`)).to.deep.equal([
      'weight [2,3]',
      'bias [2]',
    ]);
  });

  it('starts as torch.nn.Linear does: U(-1/sqrt(in), 1/sqrt(in)), the bias too', () => {
    const layer = new Dense(100, 400, {rng: new Rng(1)});
    for (const {variable} of layer.parameters()) {
      const values = valuesOf(variable);
      const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      expect(largest).to.be.within(0.098, 0.1);
      expect(values.reduce((sum, value) => sum + value * value, 0) / values.length).to.be.closeTo(0.01 / 3, 0.0004);
    }
  });

  it('refuses another width', async () => {
    expect((await ganError(() => new Dense(3, 2).forward(tf.zeros([1, 4])))).message).to.equal(
      'Dense(3, 2): got a tensor of shape [1, 4], wanted [batch, 3]',
    );
  });

  it('has no bias when asked for none', () => {
    expect(new Dense(3, 2, {bias: false}).namedParameters().map(([name]) => name)).to.deep.equal(['weight']);
  });
});

describe('nn', () => {
  withDevice();

  it('makes every layer by a short name', () => {
    const kinds: [Module, string][] = [
      [nn.sequential([]), 'Sequential'],
      [nn.sequentialEx(), 'SequentialEx'],
      [nn.mergeLayer(true), 'MergeLayer'],
      [nn.dense(1, 2), 'Dense'],
      [nn.conv(1, 2, {kernelSize: 1}), 'Conv2d'],
      [nn.convLayer(1, 2), 'ConvLayer'],
      [nn.batchNorm(2), 'BatchNorm'],
      [nn.instanceNorm(2), 'InstanceNorm'],
      [nn.relu(), 'ReLU'],
      [nn.relu6(), 'ReLU6'],
      [nn.leakyRelu(0.3), 'LeakyReLU'],
      [nn.tanh(), 'Tanh'],
      [nn.sigmoid(), 'Sigmoid'],
      [nn.sigmoidRange(0, 1), 'SigmoidRange'],
      [nn.dropout2d(0.1), 'Dropout2d'],
      [nn.selfAttention(8), 'SelfAttention'],
      [nn.flatten(), 'Flatten'],
      [nn.addChannels(2), 'AddChannels'],
      [nn.denseResBlock(2), 'DenseResBlock'],
    ];
    for (const [module, kind] of kinds) expect(module.kind).to.equal(kind);
    expect((nn.leakyRelu(0.3) as LeakyReLU).slope).to.equal(0.3);
    expect(nn.adaptiveLoss(nn.mse).crit).to.equal(nn.mse);
  });
});
