import {expect} from 'chai';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {Module, tf, type Tensor} from 'gankit';
import {operators} from '../../../dist/parts/exporters/onnx/operators/index.js';
import {operations} from '../../../dist/parts/exporters/tfjs/operations.js';
import {traceGraph} from '../../../dist/gan/export/trace-graph.js';
import {webKernels} from '../../../dist/parts/exporters/web/write.js';
import {root} from '../../commands/helpers.js';
import {withDevice} from '../../device.js';
import {random} from '../helpers.js';
import {inEachFormat} from './helpers.js';

type F = (x: Tensor) => Tensor;

/** A layer of a plug-in's own. */
class Layer extends Module {
  constructor(private readonly f: F) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return this.f(x);
  }
}

const image = [6, 4, 3];
const positive: F = (x) => tf.add(tf.abs(x), 0.5);
const noisy = (...shape: number[]): Tensor => random(shape, 3);
const as4d = (x: Tensor): never => x as never;

/** Every kernel that the formats say they have, in a network that uses it. */
const cases: [kernel: string, f: F, itemShape?: number[]][] = [
  ['Abs', tf.abs],
  ['Ceil', tf.ceil],
  ['Cos', tf.cos],
  ['Elu', tf.elu],
  ['Erf', tf.erf],
  ['Exp', tf.exp],
  ['Expm1', tf.expm1],
  ['Floor', tf.floor],
  ['Identity', (x) => tf.clone(x)],
  ['Log', (x) => tf.log(positive(x))],
  ['Log1p', (x) => tf.log1p(positive(x))],
  ['Neg', tf.neg],
  ['Reciprocal', (x) => tf.reciprocal(positive(x))],
  ['Relu', tf.relu],
  ['Relu6', (x) => tf.relu6(tf.mul(x, 5))],
  ['Round', (x) => tf.round(x)],
  ['Rsqrt', (x) => tf.rsqrt(positive(x))],
  ['Selu', tf.selu],
  ['Sigmoid', tf.sigmoid],
  ['Sign', tf.sign],
  ['Sin', tf.sin],
  ['Softplus', tf.softplus],
  ['Sqrt', (x) => tf.sqrt(positive(x))],
  ['Square', tf.square],
  ['Tanh', tf.tanh],
  ['ZerosLike', (x) => tf.add(tf.zerosLike(x), x)],
  ['ClipByValue', (x) => tf.clipByValue(x, -0.5, 0.75)],
  ['LeakyRelu', (x) => tf.leakyRelu(x, 0.3)],
  ['Prelu', (x) => tf.prelu(x, noisy(3))],
  ['Cast', (x) => tf.mul(tf.cast(tf.mul(x, 3), 'int32'), x)],
  ['Cast', (x) => tf.cast(tf.greater(x, 0), 'float32')],
  ['Add', (x) => tf.add(x, noisy(4, 3))],
  ['Sub', (x) => tf.sub(1, x)],
  ['Multiply', (x) => tf.mul(noisy(6, 1, 1), x)],
  ['RealDiv', (x) => tf.div(x, positive(noisy(3)))],
  ['Add', (x) => tf.add(tf.mean(x, [1, 2], true), x)],
  ['Add', (x) => tf.add(tf.mean(x, 0), x)],
  ['Pow', (x) => tf.pow(positive(x), 1.5)],
  ['Maximum', (x) => tf.maximum(x, 0.1)],
  ['Minimum', (x) => tf.minimum(noisy(3), x)],
  ['SquaredDifference', (x) => tf.squaredDifference(x, noisy(3))],
  ['AddN', (x) => tf.addN([x, tf.relu(x), noisy(4, 6, 4, 3)].slice(0, 2))],
  ['Greater', (x) => tf.where(tf.greater(x, 0), x, tf.mul(x, 2))],
  ['GreaterEqual', (x) => tf.where(tf.greaterEqual(x, 0.5), x, tf.neg(x))],
  ['Less', (x) => tf.where(tf.less(x, 0), x, tf.mul(x, 2))],
  ['LessEqual', (x) => tf.where(tf.lessEqual(x, 0.5), x, tf.neg(x))],
  ['Select', (x) => tf.where(tf.less(0, x), x, tf.relu(x))],
  ['Sum', (x) => tf.sum(x, [1, 3])],
  ['Sum', (x) => tf.sum(x, 2, true)],
  ['Mean', (x) => tf.mean(x, [1, 2])],
  ['Max', (x) => tf.max(x, 3)],
  ['Min', (x) => tf.min(x, [1])],
  ['Prod', (x) => tf.prod(x, 3)],
  ['Softmax', (x) => tf.softmax(x)],
  ['Sum', (x) => tf.logSoftmax(x)],
  ['BatchMatMul', (x) => tf.matMul(x, noisy(3, 5)), [4, 3]],
  ['BatchMatMul', (x) => tf.matMul(x, x, true), [4, 3]],
  ['BatchMatMul', (x) => tf.matMul(x, noisy(2, 3), false, true), [3]],
  ['Reshape', (x) => tf.reshape(x, [x.shape[0], -1, 2])],
  ['Reshape', (x) => tf.reshape(x, [-1, 3])],
  ['ExpandDims', (x) => tf.expandDims(x, 2)],
  ['Transpose', (x) => tf.transpose(x, [0, 2, 3, 1])],
  ['Transpose', (x) => tf.transpose(x, [0, 3, 1, 2])],
  ['Slice', (x) => tf.slice(x, [0, 1, 0, 1], [-1, 3, 4, 2])],
  ['Slice', (x) => tf.slice(x, [0, 2, 1, 0], [x.shape[0], 2, 2, 3])],
  ['Concat', (x) => tf.concat([x, tf.relu(x)], 1)],
  ['Concat', (x) => tf.concat([x, tf.tanh(x), x], -1)],
  ['SplitV', (x) => tf.concat(tf.split(x, [1, 3], 2).reverse(), 2)],
  ['SplitV', (x) => tf.split(x, 3, -1)[1]!],
  ['Pack', (x) => tf.stack([x, tf.relu(x)], 1)],
  ['Pack', (x) => tf.stack([x, tf.relu(x)], -1), [4]],
  ['Unpack', (x) => tf.add(tf.unstack(x, 1)[2]!, tf.unstack(x, 1)[0]!)],
  ['Tile', (x) => tf.tile(x, [1, 2, 1, 3])],
  ['Reverse', (x) => tf.reverse(x, [1, -1])],
  [
    'PadV2',
    (x) =>
      tf.pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 1],
          [2, 0],
        ],
        0.5,
      ),
  ],
  [
    'MirrorPad',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 2],
          [2, 1],
          [0, 0],
        ],
        'reflect',
      ),
  ],
  ['DepthToSpace', (x) => tf.depthToSpace(as4d(x), 2), [2, 3, 8]],
  ['Conv2D', (x) => tf.conv2d(as4d(x), as4d(noisy(3, 2, 3, 5)), [2, 1], 'same')],
  ['Conv2D', (x) => tf.conv2d(as4d(x), as4d(noisy(3, 2, 3, 5)), 1, 'valid', 'NHWC', [2, 1])],
  ['Conv2D', (x) => tf.conv2d(as4d(x), as4d(noisy(3, 3, 3, 2)), 2, 1, 'NHWC', 1, 'floor')],
  [
    'Conv2DBackpropInput',
    (x) => tf.conv2dTranspose(as4d(x), as4d(noisy(3, 3, 2, 3)), [x.shape[0], 12, 8, 2], 2, 'same'),
  ],
  [
    'Conv2DBackpropInput',
    (x) => tf.conv2dTranspose(as4d(x), as4d(noisy(3, 2, 2, 3)), [x.shape[0], 13, 8, 2], 2, 'valid'),
  ],
  ['DepthwiseConv2dNative', (x) => tf.depthwiseConv2d(as4d(x), as4d(noisy(3, 3, 3, 2)), 1, 'same')],
  ['DepthwiseConv2dNative', (x) => tf.depthwiseConv2d(as4d(x), as4d(noisy(3, 3, 3, 1)), 2, 'valid')],
  ['AvgPool', (x) => tf.avgPool(as4d(x), 2, 2, 'valid')],
  ['AvgPool', (x) => tf.avgPool(as4d(x), 3, 2, 'same')],
  ['MaxPool', (x) => tf.maxPool(as4d(x), [2, 3], 1, 'valid')],
  ['MaxPool', (x) => tf.maxPool(as4d(x), 3, 2, 'same')],
  ['ResizeBilinear', (x) => tf.image.resizeBilinear(as4d(x), [9, 8])],
  ['ResizeBilinear', (x) => tf.image.resizeBilinear(as4d(x), [12, 8], false, true)],
  ['ResizeBilinear', (x) => tf.image.resizeBilinear(as4d(x), [11, 8], true)],
  ['ResizeNearestNeighbor', (x) => tf.image.resizeNearestNeighbor(as4d(x), [12, 8])],
  [
    'FusedBatchNorm',
    (x) => tf.batchNorm(x, noisy(3) as never, positive(noisy(3)) as never, noisy(3) as never, noisy(3) as never, 0.01),
  ],
];

describe('exported kernels', () => {
  withDevice();

  inEachFormat((expectSame) => {
    for (const [i, [kernel, f, itemShape = image]] of cases.entries()) {
      it(`${kernel} (${i + 1}) computes the same`, async () => {
        // the layers around it make layouts meet: channels first before it, and what comes after it
        const network = new Layer((x) => (x.rank === 4 ? tf.mul(f(tf.mul(x, 0.5)), 1) : f(x)));
        expect((await traceGraph(network.eval(), itemShape)).nodes.map((node) => node.kernel)).to.include(kernel);
        await expectSame(network, itemShape);
      });
    }
  });

  it('are all that the formats name', () => {
    const tried = [...new Set(cases.map(([kernel]) => kernel))].sort();
    expect(Object.keys(operators).sort(), 'ONNX').to.deep.equal(tried);
    expect(Object.keys(operations).sort(), 'tfjs').to.deep.equal(tried);
    const listed = /<!-- kernels -->([^<]*)/.exec(readFileSync(path.join(root, 'docs/exports.md'), 'utf8'))![1]!;
    expect(listed.trim().split(/,\s+/), 'docs/exports.md').to.deep.equal(tried);
  });

  it('in the web page are kernels that tfjs registers for WASM and WebGPU', () => {
    const require = createRequire(import.meta.url);
    for (const backend of ['wasm', 'webgpu']) {
      const folder = path.dirname(require.resolve(`@tensorflow/tfjs-backend-${backend}/package.json`));
      const registered = readFileSync(path.join(folder, 'dist/register_all_kernels.js'), 'utf8');
      const missing = [...webKernels].filter((kernel) => !registered.includes(`kernels/${kernel}'`));
      expect(missing, backend).to.deep.equal([]);
    }
  });
});
