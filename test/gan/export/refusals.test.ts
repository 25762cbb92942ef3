import {expect} from 'chai';
import {basicCritic, Conv, LeakyReLU, Module, Rng, Sequential, Tanh, tf, type Tensor} from 'gankit';
import {toOnnx} from '../../../dist/parts/exporters/onnx/write.js';
import {toTfjs} from '../../../dist/parts/exporters/tfjs/write.js';
import {traceGraph} from '../../../dist/gan/export/trace-graph.js';
import {exportTools} from '../../../dist/gan/export/tools.js';
import {graphOf} from '../../../dist/gan/export/traced-network.js';
import {toWeb} from '../../../dist/parts/exporters/web/write.js';
import {withDevice} from '../../device.js';
import {ganError} from '../helpers.js';
import {shake} from './helpers.js';

class Odd extends Module {
  constructor(private readonly f: (x: Tensor) => Tensor) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return this.f(x);
  }
}

const within = (f: (x: Tensor) => Tensor): Sequential =>
  new Sequential([new Tanh(), new Sequential([new Odd(f)]), new Tanh()]).eval();
const facts = {name: 'generator', input: 'x', output: 'y', doc: '', metadata: {}};

describe('what cannot be exported', () => {
  withDevice();

  it('is named by each format, with the place and the type of every such layer', async () => {
    const network = new Sequential([new Odd((x) => tf.cumsum(x, 1)), new Tanh(), new Odd((x) => tf.atan(x))]).eval();
    const graph = await graphOf(network, [4]);
    const traced = {graph, facts: {network: 'generator'}} as Parameters<typeof toWeb>[0];
    for (const write of [
      () => toOnnx(graph, facts, exportTools),
      () => toTfjs(graph, facts, exportTools),
      () => toWeb(traced, exportTools),
    ]) {
      const error = await ganError(write);
      expect(error).to.include({code: 'GAN_EXPORT_UNSUPPORTED', exitCode: 2});
      expect(error.message).to.match(
        /^The generator cannot be exported:\n {2}0 \(Odd\): .*Cumsum.*\n {2}2 \(Odd\): .*Atan.*$/,
      );
    }
  });

  const refused: [what: string, f: (x: Tensor) => Tensor, says: RegExp][] = [
    [
      'noise of its own',
      (x) => tf.add(x, tf.tensor(new Rng(Math.random()).normal(4), [4])),
      /^ {2}1\.0 \(Odd\): uses values that are drawn anew/m,
    ],
    [
      'a tensor for each size of the batch',
      (x) => tf.mul(x, tf.ones([x.shape[0], 1])),
      /^ {2}1\.0 \(Odd\): uses values .* made for each batch/m,
    ],
    [
      'operations for each item',
      (x) =>
        tf.stack(
          tf.unstack(x, 0).map((item) => tf.relu(item)),
          0,
        ),
      /\(Sequential\): does not run the same operations/,
    ],
    [
      'an attribute that follows the values',
      (x) => tf.leakyRelu(x, Math.abs(x.dataSync()[0]!)),
      /^ {2}1\.0 \(Odd\): the attributes of LeakyRelu depend/m,
    ],
    [
      'a result that is not of the input',
      () => tf.tensor2d([[1, 2]]),
      /\(Sequential\): its result does not depend on its input/,
    ],
    [
      'a special case for one image',
      (x) => (x.shape[0] === 1 ? tf.mul(x, 2) : tf.mul(x, 3)),
      /\(Sequential\): a single image gives other values than a batch/,
    ],
  ];
  for (const [what, f, says] of refused) {
    it(`a layer with ${what}`, async () => {
      // the first layer is no constant, so what is behind it is not either
      const network = what === 'a result that is not of the input' ? new Sequential([new Odd(f)]).eval() : within(f);
      const {message, exitCode} = await ganError(() => graphOf(network, [4]));
      expect(message).to.match(says);
      expect(exitCode).to.equal(2);
    });
  }

  it('leaves nothing behind: neither tensors nor a watched network, whether it ends well or not', async () => {
    const networks = [
      within((x) => tf.mul(x, 2)),
      within((x) => tf.mul(x, tf.ones([x.shape[0], 1]))),
      within(() => {
        throw new Error('broken');
      }),
    ];
    const original = tf.getKernelsForBackend(tf.getBackend()).map(({kernelFunc}) => kernelFunc);
    const before = tf.memory().numTensors;
    for (const network of networks) await graphOf(network, [4]).catch(() => undefined);
    expect(tf.memory().numTensors).to.equal(before);
    const kernels = tf.getKernelsForBackend(tf.getBackend()).map(({kernelFunc}) => kernelFunc);
    expect(kernels).to.deep.equal(original);
    for (const network of networks)
      for (const module of network.modules()) expect(Object.hasOwn(module, 'forward')).to.equal(false);
  });
});

describe('graphs', () => {
  withDevice();

  it('have batch norms folded into the convolutions before them', async () => {
    const critic = basicCritic(16, 3, {nFeatures: 4, actCls: () => new LeakyReLU(0.2)}).eval();
    shake(critic);
    const kernels = (await graphOf(critic, [16, 16, 3])).nodes.map(({kernel}) => kernel);
    expect(kernels).to.deep.equal([
      'Conv2D',
      'Add',
      'LeakyRelu',
      'Conv2D',
      'Add',
      'LeakyRelu',
      'Conv2D',
      'Add',
      'Reshape',
    ]);
    expect((await traceGraph(critic, [16, 16, 3])).nodes.map(({kernel}) => kernel)).to.include.members([
      'Sub',
      'Multiply',
    ]);
  });

  it('keep a convolution as it is whose weight or result somebody else needs', async () => {
    const conv = new Conv(2, 2, {kernelSize: 1, bias: false});
    const twice = new Odd((x) => {
      const y = conv.forward(x);
      return tf.add(tf.add(tf.mul(y, 2), 1), tf.add(y, conv.forward(tf.relu(y))));
    });
    const kernels = (await graphOf(twice.eval(), [3, 3, 2])).nodes.map(({kernel}) => kernel);
    expect(kernels).to.include.members(['Multiply', 'Add', 'Relu']);
  });
});
