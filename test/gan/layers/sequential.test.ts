import {expect} from 'chai';
import {
  AddChannels,
  ConvLayer,
  Dense,
  DenseResBlock,
  Flatten,
  MergeLayer,
  ReLU,
  Rng,
  Sequential,
  SequentialEx,
  tf,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {dense, ganError, random, valuesOf} from '../helpers.js';

describe('Flatten', () => {
  withDevice();

  // two images of 1x2 pixels with 3 channels: pixel p, channel c of image n is 100 n + 10 p + c
  const images = () => tf.tensor([0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112], [2, 1, 2, 3]);

  it('puts channel after channel, as PyTorch does', () => {
    const y = new Flatten().forward(images());
    expect(y.shape).to.deep.equal([2, 6]);
    expect(valuesOf(y)).to.deep.equal([0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112]);
  });

  it('gives one dimension with full', () => {
    const y = new Flatten(true).forward(images());
    expect(y.shape).to.deep.equal([12]);
    expect(valuesOf(y).slice(0, 6)).to.deep.equal([0, 10, 1, 11, 2, 12]);
  });

  it('leaves scores and vectors as they are', () => {
    expect(new Flatten().forward(tf.zeros([4, 1, 1, 1])).shape).to.deep.equal([4, 1]);
    expect(valuesOf(new Flatten().forward(tf.tensor([1, 2, 3, 4], [1, 2, 2, 1])))).to.deep.equal([1, 2, 3, 4]);
    expect(new Flatten().forward(tf.zeros([4, 7])).shape).to.deep.equal([4, 7]);
  });
});

describe('AddChannels', () => {
  withDevice();

  it('gives a vector dimensions of size 1', () => {
    expect(new AddChannels(2).forward(tf.zeros([3, 7])).shape).to.deep.equal([3, 1, 1, 7]);
    expect(new AddChannels(0).forward(tf.zeros([3, 7])).shape).to.deep.equal([3, 7]);
  });

  it('refuses a number of dimensions that is none', async () => {
    for (const nDim of [-1, 0.5])
      expect(await ganError(() => new AddChannels(nDim))).to.include({code: 'GAN_ARGUMENT'});
  });
});

describe('Sequential', () => {
  withDevice();

  it('runs its layers in order', () => {
    expect(
      valuesOf(
        new Sequential([dense([[2], [-1]]), new ReLU(), dense([[1, 10]], [0.5])]).forward(tf.tensor([[3], [-4]])),
      ),
    ).to.deep.equal([6.5, 40.5]);
  });

  it('says which layer refused its input, however deep', async () => {
    const net = new Sequential([
      new Sequential([new ReLU(), new SequentialEx(new ConvLayer(2, 2), new ConvLayer(3, 3))]),
    ]);
    expect((await ganError(() => net.forward(tf.zeros([1, 4, 4, 2])))).message).to.include(
      'Conv2d(3, 3, 3) (at 0.1.layers.1.0): got a tensor of shape [1, 4, 4, 2]',
    );
  });
});

describe('SequentialEx and MergeLayer', () => {
  withDevice();
  const x = () => tf.tensor([[1, -2]]);

  it('add what went into the block', () => {
    expect(
      valuesOf(
        new SequentialEx(
          dense([
            [10, 0],
            [0, 10],
          ]),
          new ReLU(),
          new MergeLayer(),
        ).forward(x()),
      ),
    ).to.deep.equal([11, -2]);
  });

  it('put it behind the result with dense', () => {
    expect(
      valuesOf(
        new SequentialEx(
          dense([
            [10, 0],
            [0, 10],
          ]),
          new MergeLayer(true),
          new ReLU(),
        ).forward(x()),
      ),
    ).to.deep.equal([10, 0, 1, 0]);
  });

  it('name their children layers.0, layers.1, ...', () => {
    const names = new SequentialEx(new Dense(1, 1), new MergeLayer(), new Dense(1, 1))
      .namedParameters()
      .map(([name]) => name);
    expect(names).to.deep.equal(['layers.0.weight', 'layers.0.bias', 'layers.2.weight', 'layers.2.bias']);
  });

  it('merge a tensor with itself when there is no block', () => {
    expect(valuesOf(new MergeLayer().forward(x()))).to.deep.equal([2, -4]);
  });
});

describe('DenseResBlock', () => {
  withDevice();

  it('doubles the channels: its result first, then its input', () => {
    const block = new DenseResBlock(3, {rng: new Rng(1)});
    const x = random([2, 4, 5, 3], 2);
    const y = block.forward(x);
    expect(y.shape).to.deep.equal([2, 4, 5, 6]);
    expectClose(tf.slice(y, [0, 0, 0, 3], [2, 4, 5, 3]), x.dataSync(), 'exact');
    const [first, second] = block
      .children()[0]![1]
      .children()
      .map(([, layer]) => layer);
    expectClose(tf.slice(y, [0, 0, 0, 0], [2, 4, 5, 3]), second!.forward(first!.forward(x)).dataSync());
  });

  it('passes its options to both layers', () => {
    const names = new DenseResBlock(2, {normType: 'Spectral', bias: true}).namedParameters().map(([name]) => name);
    expect(names).to.deep.equal([
      'layers.0.0.bias',
      'layers.0.0.weight_orig',
      'layers.1.0.bias',
      'layers.1.0.weight_orig',
    ]);
  });
});
