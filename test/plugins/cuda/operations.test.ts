import {tf, type Tensor} from 'gankit';
import type {Tensor4D, Tensor5D} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {entriesOf} from './emulator/compile.js';
import {expectClose, expectSame, on, random, withEmulator} from './emulator/support.js';
import {emulatorName} from './emulator/index.js';
import {kernels, sources} from '../../../plugins/cuda/src/kernels/index.js';

/** Runs a kernel that no operation of tfjs calls in the way wanted. */
const run = (name: string, inputs: object, attrs: object = {}): Tensor =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as Tensor;

const ints = (...values: number[]): Tensor => tf.tensor1d(values, 'int32');
const bools = (...values: number[]): Tensor => tf.tensor1d(values, 'bool');
const signed = (): Tensor => random([3, 7, 5], 1, -2, 2);
const odd = (): Tensor => tf.tensor1d([NaN, Infinity, -Infinity, 0, -0, 1.5, -1.5, 2.5, 1e-30, -1e30, 3]);
const few = (): Tensor => ints(-7, -3, 0, 2, 9, 100_000);

/**
 * Operations that the conformance kit leaves out, with values at which they differ. All results are compared with
 * tfjs-backend-cpu's.
 */
type Case = [what: string, compute: () => Tensor | Tensor[]];

const unary: Case[] = (
  [
    'abs',
    'neg',
    'square',
    'sign',
    'relu',
    'relu6',
    'elu',
    'selu',
    'sigmoid',
    'tanh',
    'exp',
    'expm1',
    'ceil',
    'floor',
    'round',
    'sin',
    'cos',
    'atan',
    'sinh',
    'cosh',
    'asinh',
    'reciprocal',
    'isNaN',
    'isFinite',
    'isInf',
    'step',
    'softplus',
  ] as const
).map((name): Case => [`${name} of numbers`, () => tf[name](signed())]);
const ofSmall: Case[] = (['asin', 'acos', 'atanh', 'erf', 'tan', 'log1p'] as const).map((name): Case => [
  name,
  () => tf[name](random([40], 2, -0.9, 0.9)),
]);
const ofPositive: Case[] = (['log', 'sqrt', 'rsqrt'] as const).map((name): Case => [
  name,
  () => tf[name](random([41], 3, 0.1, 4)),
]);
const unusual: Case[] = (
  ['abs', 'neg', 'square', 'ceil', 'floor', 'round', 'isNaN', 'isFinite', 'isInf', 'sigmoid', 'tanh', 'expm1'] as const
).map((name): Case => [`${name} of NaN, infinities and signed zeros`, () => tf[name](odd())]);
const ofInts: Case[] = (['abs', 'neg', 'square', 'relu', 'sign'] as const).map((name): Case => [
  `${name} of whole numbers`,
  () => tf[name](few()),
]);

const pair = (a: number[], b: number[]): [Tensor, Tensor] => [random(a, 4, -3, 3), random(b, 5, -3, 3)];
const arithmetic = [
  'add',
  'sub',
  'mul',
  'div',
  'floorDiv',
  'mod',
  'maximum',
  'minimum',
  'squaredDifference',
  'atan2',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'equal',
  'notEqual',
] as const;
const shapes: [number[], number[]][] = [
  [
    [4, 3, 8],
    [4, 3, 8],
  ],
  [[5, 8], [8]],
  [[5, 8], []],
  [[], [3]],
  [
    [2, 1, 3, 1, 4],
    [1, 5, 1, 2, 4],
  ],
  [
    [2, 3, 2, 1, 2, 2],
    [2, 1, 2, 3, 1, 2],
  ],
  [
    [3, 1],
    [1, 3],
  ],
];
const binary: Case[] = [
  ...arithmetic.flatMap((name) =>
    shapes.map(([a, b]): Case => [`${name} of [${a}] and [${b}]`, () => tf[name](...pair(a, b))]),
  ),
  ...(
    [
      'add',
      'sub',
      'mul',
      'floorDiv',
      'mod',
      'maximum',
      'minimum',
      'squaredDifference',
      'less',
      'lessEqual',
      'greater',
      'greaterEqual',
      'equal',
      'notEqual',
    ] as const
  ).map((name): Case => [`${name} of whole numbers`, () => tf[name](few(), ints(2, -2, 5, -3, 9, 7))]),
  ...(['maximum', 'minimum', 'add'] as const).map((name): Case => [
    `${name} with NaN`,
    () => tf[name](odd(), tf.reverse(odd())),
  ]),
  ['pow', () => tf.pow(random([30], 6, 0.1, 3), random([30], 7, -2, 2))],
  ['pow of whole numbers', () => tf.pow(ints(2, -3, 5), ints(10, 3, 0))],
  ['prelu', () => tf.prelu(signed(), random([5], 8))],
  [
    'logical',
    () => [
      tf.logicalAnd(bools(0, 0, 1, 1), bools(0, 1, 0, 1)),
      tf.logicalOr(bools(0, 0, 1, 1), bools(0, 1, 0, 1)),
      tf.logicalNot(bools(0, 1)),
      tf.logicalXor(bools(0, 1), bools(1, 1)),
    ],
  ],
  ['equal of bools', () => [tf.equal(bools(0, 1, 1), bools(1, 1, 0)), tf.notEqual(bools(0, 1, 1), bools(1, 1, 0))]],
  ['types that differ', () => [tf.add(few(), tf.scalar(0.5)), tf.mul(bools(1, 0), ints(3, 4))]],
  ['gradient of elu by its kernel', () => run('EluGrad', {dy: random([9], 9), y: random([9], 10)})],
  [
    'leakyRelu and clip',
    () => [tf.leakyRelu(signed(), 0.1), tf.clipByValue(signed(), -0.3, 0.7), tf.clipByValue(few(), -3, 9)],
  ],
];

const moved = (): Tensor => random([2, 3, 4, 5], 11);
const rearranging: Case[] = [
  [
    'casts',
    () =>
      (['float32', 'int32', 'bool'] as const).flatMap((to) => [
        tf.cast(tf.tensor1d([-1.7, 0, 2.9, 1e6]), to),
        tf.cast(few(), to),
        tf.cast(bools(1, 0), to),
      ]),
  ],
  ['where, repeated', () => tf.where(tf.tensor2d([[1], [0]], [2, 1], 'bool'), random([2, 8], 16), tf.scalar(3))],
  [
    'where of bools and of whole numbers',
    () => [tf.where(bools(1, 0), bools(0, 0), bools(1, 1)), tf.where(bools(1, 0), ints(5, 6), ints(7, 8))],
  ],
  [
    'transpose of matrices by tiles',
    () => [
      tf.transpose(random([70, 33], 17)),
      tf.transpose(random([3, 40, 50], 18), [0, 2, 1]),
      tf.transpose(tf.cast(random([40, 9], 19), 'bool')),
    ],
  ],
  ['transpose of six axes', () => tf.transpose(random([2, 3, 2, 2, 3, 2], 20), [5, 1, 3, 0, 4, 2])],
  [
    'slices, strided and masked',
    () => [
      tf.stridedSlice(moved(), [0, 2, 3, 1], [2, 0, 0, 5], [1, -1, -2, 2]),
      tf.slice(moved(), [0, 1], [1, 2]),
      tf.slice(tf.cast(moved(), 'bool'), [0, 0, 1, 0], [2, 3, 2, 5]),
    ],
  ],
  ['reverse', () => [tf.reverse(moved()), tf.reverse(random([4, 8], 21), 0), tf.reverse(bools(1, 0, 0))]],
  ['expandDims', () => [tf.expandDims(moved(), -1), tf.expandDims(moved(), 2)]],
  ['acosh', () => tf.acosh(random([9], 68, 1, 5))],
  ['relu6 of whole numbers', () => tf.relu6(few())],
  [
    'convolutions and their gradients',
    () =>
      tf.grads((x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, [2, 1], 'same'))(
        [random([2, 5, 6, 3], 69), random([3, 2, 3, 4], 70)],
        random([2, 3, 6, 4], 71),
      ),
  ],
  [
    'tile and broadcastTo',
    () => [
      tf.tile(moved(), [2, 1, 3, 1]),
      tf.tile(random([2, 4], 22), [3, 2]),
      tf.tile(tf.scalar(2), []),
      tf.broadcastTo(random([3, 1, 4], 23), [2, 3, 2, 4]),
    ],
  ],
  [
    'concat, split and stack of other types',
    () => [
      tf.concat([few(), ints(1)]),
      ...tf.split(tf.cast(random([4, 6], 24), 'bool'), [1, 3], 0),
      tf.stack([bools(1, 0), bools(1, 1)], -1),
      ...tf.unstack(tf.reshape(few(), [2, 3]), -1),
    ],
  ],
  [
    'pad with a number, of each type',
    () => [
      tf.pad(
        moved(),
        [
          [0, 0],
          [1, 2],
          [0, 0],
          [0, 3],
        ],
        0.5,
      ),
      tf.pad(few(), [[2, 1]], -4),
      tf.pad(bools(1, 0), [[1, 1]]),
    ],
  ],
  [
    'mirrorPad',
    () => [
      tf.mirrorPad(
        moved(),
        [
          [0, 0],
          [2, 1],
          [0, 0],
          [3, 2],
        ],
        'reflect',
      ),
      tf.mirrorPad(
        moved(),
        [
          [0, 0],
          [3, 1],
          [1, 0],
          [2, 5],
        ],
        'symmetric',
      ),
      tf.mirrorPad(bools(1, 0, 0), [[1, 2]], 'reflect'),
      tf.mirrorPad(bools(1, 0, 0), [[1, 2]], 'symmetric'),
    ],
  ],
  [
    'fill, onesLike, zerosLike',
    () => [
      tf.fill([3, 5], 2.5),
      tf.fill([7], 3, 'int32'),
      tf.fill([5], 1, 'bool' as 'int32'),
      tf.onesLike(bools(0, 0, 1)),
      tf.zerosLike(few()),
    ],
  ],
  [
    'range and oneHot',
    () => [
      tf.range(2, 9, 3),
      tf.range(5, -1, -2, 'int32'),
      tf.oneHot(ints(1, 0, 3), 3),
      tf.oneHot(tf.tensor2d([[1], [2]], [2, 1], 'int32'), 4, 5, -1),
      tf.oneHot(ints(1, 0), 2, 1, 0, 'bool'),
    ],
  ],
  [
    'gather',
    () => [
      tf.gather(moved(), ints(2, 0, 2), 1),
      tf.gather(
        random([2, 3, 4], 26),
        tf.tensor2d(
          [
            [2, 0],
            [1, 1],
          ],
          [2, 2],
          'int32',
        ),
        1,
        1,
      ),
      tf.gather(bools(1, 0, 1), ints(2, 1)),
    ],
  ],
  [
    'unsortedSegmentSum',
    () => [
      tf.unsortedSegmentSum(random([5, 4], 27), ints(2, 0, 2, 1, 2) as never, 4),
      tf.unsortedSegmentSum(random([6], 25), ints(1, 1, 0, 0, 1, 0) as never, 2),
    ],
  ],
  [
    'cumsum and cumprod',
    () => [
      tf.cumsum(moved(), 2),
      tf.cumsum(moved(), 1, true),
      tf.cumsum(moved(), 3, false, true),
      tf.cumprod(random([3, 6], 28, 0.5, 2), 1, true, true),
      tf.cumsum(few()),
      tf.cumprod(ints(1, 2, 3, 4)),
    ],
  ],
  [
    'addN of twenty, and of whole numbers',
    () => [
      tf.addN(Array.from({length: 20}, (_, i) => random([3, 4], 100 + i))),
      tf.addN([few(), few(), few()]),
      tf.addN([random([4], 29)]),
    ],
  ],
];

const many = (): Tensor => tf.range(0, 5000, 1, 'int32');
const long = (): Tensor => random([2, 3000, 3], 30);
const reductions: Case[] = [
  ...(['sum', 'mean', 'max', 'min', 'prod'] as const).flatMap((name): Case[] => [
    [
      `${name} over axes of all kinds`,
      () =>
        [[0], [1], [2], [3], [0, 1], [1, 2], [2, 3], [0, 2], [1, 3], [0, 3], [0, 1, 3], [0, 1, 2, 3]].map((axes) =>
          tf[name](random([3, 4, 5, 6], 31, 0.5, 1.5), axes, axes.length === 2),
        ),
    ],
    [
      `${name} over many numbers`,
      () => [
        tf[name](tf.mul(0.001, long())),
        tf[name](tf.mul(0.001, long()), 1),
        tf[name](random([3000, 40], 32, 0.999, 1.001), 0),
      ],
    ],
  ]),
  ...(['sum', 'max', 'min', 'prod'] as const).map((name): Case => [
    `${name} of whole numbers`,
    () => [tf[name](ints(3, -5, 7)), tf[name](tf.reshape(few(), [2, 3]), 0)],
  ]),
  [
    'all and any',
    () => [
      tf.all(tf.greater(long(), -2), 1),
      tf.any(tf.greater(long(), 0.9999), 1),
      tf.all(tf.greater(moved(), 0), 3),
      tf.any(tf.greater(moved(), 0.8), [0, 2]),
    ],
  ],
  ['max and min with NaN', () => [tf.max(odd()), tf.min(odd())]],
  [
    'max and min of bools, by their kernels',
    () =>
      [
        run('Max', {x: bools(0, 1)}, {reductionIndices: [0], axis: 0, keepDims: false}),
        run('Min', {x: bools(0, 1)}, {reductionIndices: [0], axis: 0, keepDims: false}),
      ].map((x) => tf.cast(x, 'int32')),
  ],
  ['argMax and argMin', () => [0, 1, 2].flatMap((axis) => [tf.argMax(long(), axis), tf.argMin(long(), axis)])],
  [
    'argMax and argMin of equal numbers',
    () => [tf.argMax(ints(1, 5, 5, 5)), tf.argMin(ints(4, 2, 2)), tf.argMax(tf.zeros([3000]))],
  ],
  [
    'softmax of long and of short lines',
    () => [
      tf.softmax(random([3, 700], 33, -9, 9)),
      tf.softmax(random([300, 3], 34)),
      tf.softmax(tf.tensor1d([1000, 1001, 999])),
    ],
  ],
];

const image4 = (channels = 3): Tensor4D => random([2, 7, 6, channels], 35) as Tensor4D;
const image5 = (): Tensor5D => random([1, 5, 4, 6, 2], 36) as Tensor5D;
const layers: Case[] = [
  [
    'maxPool',
    () => [
      tf.maxPool(image4(), 2, 2, 'valid'),
      tf.maxPool(image4(), 3, 2, 'same'),
      tf.maxPool(image4(), [2, 3], [1, 2], 1),
    ],
  ],
  [
    'gradient of maxPool',
    () => tf.grads((x) => tf.maxPool(x as Tensor4D, 3, 2, 'same'))([image4()], random([2, 4, 3, 3], 37)),
  ],
  [
    'gradient of maxPool of negatives',
    () => tf.grads((x) => tf.maxPool(x as Tensor4D, 3, 1, 'same'))([tf.sub(image4(), 5)], random([2, 7, 6, 3], 38)),
  ],
  ['avgPool', () => [tf.avgPool(image4(), 2, 2, 'valid'), tf.avgPool(image4(), 3, 2, 'same')]],
  [
    'gradient of avgPool',
    () => tf.grads((x) => tf.avgPool(x as Tensor4D, [3, 2], [2, 1], 'valid'))([image4()], random([2, 3, 5, 3], 39)),
  ],
  ['pooling of volumes', () => [tf.maxPool3d(image5(), 2, 2, 'valid'), tf.avgPool3d(image5(), [2, 1, 3], 1, 'valid')]],
  [
    'gradients of pooling of volumes',
    () => [
      tf.grad((x) => tf.maxPool3d(x as Tensor5D, 2, 2, 'valid'))(image5()),
      tf.grad((x) => tf.avgPool3d(x as Tensor5D, 2, 2, 'valid'))(image5()),
    ],
  ],
  [
    'depthwise convolution',
    () => [
      tf.depthwiseConv2d(image4(), random([3, 2, 3, 2], 40) as Tensor4D, 1, 'same'),
      tf.depthwiseConv2d(image4(), random([3, 3, 3, 1], 41) as Tensor4D, 2, 'valid'),
      tf.depthwiseConv2d(image4(), random([2, 2, 3, 1], 42) as Tensor4D, 1, 'valid', 'NHWC', 2),
    ],
  ],
  [
    'gradients of a depthwise convolution',
    () =>
      tf.grads((x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 2, 'same'))(
        [image4(), random([3, 3, 3, 2], 43)],
        random([2, 4, 3, 6], 44),
      ),
  ],
  [
    'resizing',
    () =>
      [
        [9, 11],
        [4, 3],
        [14, 12],
        [1, 1],
      ].flatMap(([h, w]) =>
        [
          [false, false],
          [true, false],
          [false, true],
        ].flatMap(([corners, centres]) =>
          [3, 4].flatMap((channels) => [
            tf.image.resizeBilinear(image4(channels), [h!, w!], corners, centres),
            tf.image.resizeNearestNeighbor(image4(channels), [h!, w!], corners, centres),
          ]),
        ),
      ),
  ],
  [
    'batch norm by given statistics',
    () => [
      tf.batchNorm(image4(), random([3], 46), random([3], 47, 0.5, 2), random([3], 48), random([3], 49)),
      tf.batchNorm(random([5, 8], 50), random([8], 51), random([8], 52, 0.5, 2)),
      tf.batchNorm(image4(), random([2, 7, 6, 3], 53), random([2, 7, 6, 3], 54, 0.5, 2)),
    ],
  ],
  [
    'gradient of batch norm by given statistics',
    () =>
      tf.grads((x, mean, variance, offset, scale) =>
        tf.batchNorm(x as Tensor4D, mean as never, variance as never, offset as never, scale as never),
      )([image4(), random([3], 55), random([3], 56, 0.5, 2), random([3], 57), random([3], 58)]),
  ],
  [
    'products of batches that are repeated',
    () => [
      tf.matMul(random([2, 3, 4, 5], 59), random([5, 6], 60)),
      tf.matMul(random([2, 3], 63), random([4, 3, 2], 64), true, true),
    ],
  ],
  ['convolutions, dilated', () => tf.conv2d(image4(), random([3, 2, 3, 4], 65) as Tensor4D, 1, 'same', 'NHWC', 2)],
];

/**
 * Central differences in float32 of a sum weighted at random: what a linear operation's gradient has to be, exactly.
 */
async function expectLinearGradient(f: (x: Tensor) => Tensor, shape: number[], seed: number): Promise<void> {
  const unit = (i: number): Tensor =>
    tf.tensor(
      Float32Array.from({length: tf.util.sizeFromShape(shape)}, (_, k) => Number(k === i)),
      shape,
    );
  const weighted = (x: Tensor): Tensor => tf.sum(tf.mul(f(x), random(f(x).shape, seed)));
  const [gradient, ...columns] = await on(emulatorName, () => [
    tf.grad(weighted)(random(shape, 1)),
    ...Array.from({length: tf.util.sizeFromShape(shape)}, (_, i) => weighted(unit(i))),
  ]);
  expectClose(
    gradient!.values,
    columns.map(({values: [value]}) => value!),
    'gradient',
  );
}

describe('cuda: operations on the emulator, as on the cpu backend', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  const device = withEmulator();
  const launched = new Set<string>();
  const called = new Set<string>();
  before(() => {
    const {emulation} = device();
    emulation.seen = ({source, entry}) => launched.add(`${source.name} ${entry}`);
    const {operation} = emulation.gpu;
    emulation.gpu.operation = (name, inputs, compute) => {
      called.add(name);
      return operation(name, inputs, compute);
    };
  });

  for (const [what, compute] of [
    ...unary,
    ...ofSmall,
    ...ofPositive,
    ...unusual,
    ...ofInts,
    ...binary,
    ...rearranging,
    ...reductions,
    ...layers,
  ]) {
    it(what, () => expectSame(compute));
  }

  // tfjs-backend-cpu divides by numbers outside of the image, too, gets the nearest neighbours' gradient wrong and
  // swaps sides in the bilinear one
  it('gradient of avgPool beyond the border', () =>
    expectLinearGradient((x) => tf.avgPool(x as Tensor4D, 3, 2, 'same'), [1, 5, 4, 2], 66));
  for (const name of ['resizeNearestNeighbor', 'resizeBilinear'] as const) {
    for (const [corners, centres] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      for (const size of [
        [8, 10],
        [2, 2],
        [7, 4],
        [1, 1],
      ] as [number, number][]) {
        const how = corners ? ', corners kept' : centres ? ', from the centres of pixels' : '';
        for (const channels of [1, 4])
          it(`gradient of ${name} to [${size}]${how}, channels: ${channels}`, () =>
            expectLinearGradient(
              (x) => tf.image[name](x as Tensor4D, size, corners, centres),
              [1, 4, 5, channels],
              67,
            ));
      }
    }
  }

  // and these it does not do, or wrongly
  const same: [what: string, compute: () => [Tensor, Tensor]][] = [
    [
      'a strided slice that drops an axis',
      () => [
        tf.stridedSlice(moved(), [1, 0], [2, 3], [1, 2], 0, 0, 0, 0, 1),
        tf.reshape(tf.stridedSlice(moved(), [1, 0, 0, 0], [2, 3, 4, 5], [1, 2, 1, 1]), [2, 4, 5]),
      ],
    ],
    [
      'a product of batches of which both are repeated',
      () => [
        tf.matMul(random([3, 1, 2, 4], 61), random([2, 4, 2], 62)),
        tf.matMul(
          tf.tile(random([3, 1, 2, 4], 61), [1, 2, 1, 1]),
          tf.tile(tf.reshape(random([2, 4, 2], 62), [1, 2, 4, 2]), [3, 1, 1, 1]),
        ),
      ],
    ],
    [
      'rows chosen by a list',
      () => [
        run('Select', {
          condition: bools(1, 0),
          t: tf.tensor2d([
            [1, 2],
            [3, 4],
          ]),
          e: tf.tensor2d([
            [5, 6],
            [7, 8],
          ]),
        }),
        tf.tensor2d([
          [1, 2],
          [7, 8],
        ]),
      ],
    ],
    [
      'broadcasting by its kernel',
      () => [
        run('BroadcastTo', {x: tf.tensor2d([[1], [2]])}, {shape: [2, 2, 3]}),
        tf.tensor3d([
          [
            [1, 1, 1],
            [2, 2, 2],
          ],
          [
            [1, 1, 1],
            [2, 2, 2],
          ],
        ]),
      ],
    ],
    [
      'reductions of many whole numbers',
      () => [
        tf.stack([
          tf.sum(many()),
          tf.prod(tf.onesLike(many())),
          tf.max(many()),
          tf.min(many()),
          tf.argMax(many()),
          tf.argMin(many()),
        ]),
        ints(12_497_500, 1, 4999, 0, 4999, 0),
      ],
    ],
    [
      'greatest and smallest of many bools',
      () => [
        tf.stack(
          ['Max', 'Min'].map((name) =>
            tf.cast(run(name, {x: tf.cast(many(), 'bool')}, {axis: 0, reductionIndices: 0}), 'int32'),
          ),
        ),
        ints(1, 0),
      ],
    ],
    [
      'sums of segments of whole numbers',
      () => [tf.unsortedSegmentSum(few(), ints(1, 1, 0, 0, 1, 0) as never, 2), ints(100_002, -1)],
    ],
    ['a running sum along the last axis', () => [tf.cumsum(moved(), -1), tf.cumsum(moved(), 3)]],
  ];
  for (const [what, compute] of same) {
    it(what, async () => {
      const [got, wanted] = await on(emulatorName, compute);
      expect({...got, values: []}).to.deep.equal({...wanted, values: []});
      expectClose(got!.values, wanted!.values);
    });
  }

  it('leave no memory behind', () => {
    expect(device().lost()).to.equal(0);
  });

  it('are all that there are, in every variant', () => {
    const elsewhere = [
      // fused.test.ts
      ...['AffineSample', 'AffineSampleTranspose', 'ColorMap', 'CutOut'],
      ...['TrainBatchNorm', 'TrainBatchNormGrad', 'BiasActivation', 'BiasActivationGrad'],
      // images.test.ts
      ...['GroupedConv2D', 'GroupedConv2DBackpropInput', 'GroupedConv2DBackpropFilter'],
      ...['UpsampleNearest', 'BlockSum', 'FirResample', 'BilinearResize', 'BilinearResizeTranspose'],
      ...['PixelShuffle', 'PixelUnshuffle'],
      ...['Blend', 'BytesToFloat', 'ClipByGlobalNorm', 'LeakyReluGrad', 'OptimizerUpdate'],
    ];
    expect(kernels.map(({name}) => name).filter((name) => !called.has(name))).to.deep.equal(elsewhere);
    // dnn.cu is between tensors and cuDNN; images.test.ts has the others
    // and recording.test.ts those of bfloat16
    const own = sources.filter(({name}) => !/^(dnn|convolve|resample|shuffle)\/|\/bf16$/.test(name));
    const idle = own
      .flatMap((source) => entriesOf(source).map((entry) => `${source.name} ${entry}`))
      .filter((one) => !launched.has(one));
    const ofFused = [
      'affine-sample sample',
      'affine-sample transposed',
      'color-map imageMeans',
      'color-map colorMap',
      'cut-out cutOut',
      'leaky-relu leakyReluGradient',
      'bytes bytesToFloat',
      'blend blend',
      'bias-activation biasActivation',
      'bias-activation biasSlopes',
      'bias-activation biasTotals',
      'batch-norm moments',
      'batch-norm statistics',
      'batch-norm slopes',
      'batch-norm totals',
      'batch-norm inputGradients',
      'update updateAll',
      'clip squares',
      'clip lengthOf',
      'clip scaled',
    ];
    expect(idle).to.have.members(ofFused);
  });
});
