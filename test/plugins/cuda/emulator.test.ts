/** The emulator finds what it is there to find, and the kernels do not depend on what a card leaves open. */
import {expect} from 'chai';
import {tf, type Tensor} from 'gankit';
import type {Tensor4D} from '@tensorflow/tfjs-core';
import {resizeBilinear} from '../../../dist/backends/fused/bilinear.js';
import {firUp} from '../../../dist/backends/fused/fir.js';
import {pixelShuffle} from '../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool} from '../../../dist/backends/fused/upsample.js';
import type {KernelArg, KernelSource} from '../../../plugins/cuda/src/gpu.js';
import {compileEmulator} from './emulator/compile.js';
import {emulatorName} from './emulator/index.js';
import {openLibrary, type EmulatorLibrary, type Order} from './emulator/library.js';
import {needsCompiler, on, random, withEmulator} from './emulator/support.js';

/** Kernels with one fault each, and one without. */
const faulty: KernelSource[] = [
  {
    name: 'faulty',
    text: `
#define KERNEL_COUNT 64
KERNEL void beyond(int *y) { y[threadIdx.x] = 1; }
KERNEL void diverging(int *y) {
  if (threadIdx.x % 2) return;
  __syncthreads();
  y[threadIdx.x] = 1;
}
KERNEL void racing(int *y) {
  __shared__ int shared[KERNEL_COUNT];
  shared[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = shared[KERNEL_COUNT - 1 - threadIdx.x];
  __syncthreads();
}
KERNEL void sound(int *y, float add, long long count) {
  __shared__ int shared[KERNEL_COUNT];
  shared[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if (threadIdx.x < count) y[threadIdx.x] = shared[KERNEL_COUNT - 1 - threadIdx.x] + (int)add;
}
`,
  },
];

const orders: readonly Order[] = ['forwards', 'backwards', 'mixed'];

describe('cuda: the emulator', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  needsCompiler();
  let library: EmulatorLibrary;
  let y: bigint;
  before(async () => {
    library = openLibrary(await compileEmulator(faulty));
  });
  beforeEach(() => {
    y = library.allocate(64 * 4);
  });
  afterEach(() => library.free(y));
  const launch = (
    entry: string,
    threads: number,
    order: Order = 'forwards',
    more: readonly KernelArg[] = [],
  ): Int32Array => {
    library.launch('faulty', entry, [1, 1, 1, threads, 1, 1], [{type: 'pointer', value: y}, ...more], order);
    const values = new Int32Array(64);
    library.read(y, new Uint8Array(values.buffer));
    return values;
  };
  const sound: readonly KernelArg[] = [
    {type: 'f32', value: 2},
    {type: 'u64', value: 64n},
  ];

  it('runs a sound kernel alike in every order', () => {
    for (const order of orders)
      expect(Array.from(launch('sound', 64, order, sound))).to.deep.equal(Array.from({length: 64}, (_, i) => 65 - i));
  });
  it('names a kernel that writes beyond its array', () => {
    expect(() => launch('beyond', 65)).to.throw('beyond wrote outside of an array of 256 bytes');
  });
  it('names a kernel of which some threads end while others wait, and goes on', () => {
    expect(() => launch('diverging', 64)).to.throw(
      'diverging: 32 of 64 threads of a block ended while the others wait',
    );
    expect(launch('sound', 64, 'forwards', sound)[0]).to.equal(65);
  });
  it('shows a missing barrier by results that depend on the order', () => {
    expect(launch('racing', 64, 'forwards')).to.not.deep.equal(launch('racing', 64, 'backwards'));
  });
  it('compares the arguments of a launch with the parameters', () => {
    expect(() => launch('sound', 64, 'forwards', [...sound].reverse())).to.throw(
      'the arguments are of the kinds pif, the parameters pfi',
    );
    expect(() => launch('sound', 64, 'forwards', [sound[0]!, {type: 'i32', value: 64}])).to.throw(
      'argument 2 has 4 bytes, the parameter 8',
    );
    expect(() => launch('nothing', 64)).to.throw('no kernel nothing');
  });
  it('refuses a grid that no card takes', () => {
    expect(() => launch('beyond', 1025)).to.throw('no card takes such a grid');
  });
});

/** Kernels whose threads wait for each other, and those that choose between widths of an index. */
const computations: [what: string, compute: () => Tensor | Tensor[]][] = [
  [
    'reductions',
    () =>
      [[0], [1], [2], [0, 2]].flatMap((axes) => [
        tf.sum(random([30, 40, 7], 1), axes),
        tf.max(random([30, 40, 7], 2), axes),
        tf.argMax(random([30, 40, 7], 3), axes[0]),
      ]),
  ],
  ['a sum of many', () => tf.mean(random([20_000], 4))],
  ['softmax', () => [tf.softmax(random([5, 300], 5)), tf.softmax(random([50, 3], 6))]],
  ['transposes', () => [tf.transpose(random([70, 45], 7)), tf.transpose(random([2, 3, 4, 5], 8), [3, 1, 0, 2])]],
  [
    'batch norm',
    () => {
      const [x, weight, bias] = [random([6, 20, 20, 12], 9), random([12], 10), random([12], 11)];
      const [y, mean, variance] = tf
        .engine()
        .runKernel('TrainBatchNorm', {x, weight, bias}, {eps: 1e-5, slope: 0.2}) as unknown as [Tensor, Tensor, Tensor];
      return [
        y,
        mean,
        variance,
        ...(tf
          .engine()
          .runKernel(
            'TrainBatchNormGrad',
            {x, weight, bias, dy: y, mean, variance},
            {eps: 1e-5, slope: 0.2},
          ) as unknown as Tensor[]),
      ];
    },
  ],
  [
    'a depthwise convolution and its gradients',
    () =>
      [2, 8].flatMap((channels) => {
        const inputs = [random([3, 9, 9, channels], 12), random([3, 3, channels, 1], 13)];
        const f = (x: Tensor, filter: Tensor): Tensor =>
          tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'same');
        return [f(inputs[0]!, inputs[1]!), ...tf.grads((x, filter) => f(x!, filter!))(inputs)];
      }),
  ],
  [
    'images of other sizes',
    () =>
      [3, 4].flatMap((channels) => {
        const x = random([2, 6, 4, channels], 26);
        const [up, down] = [(y: Tensor) => firUp(y), (y: Tensor) => averagePool(y, 2)];
        const bilinear = (y: Tensor): Tensor => resizeBilinear(y, 9, 5);
        return [up, down, bilinear].flatMap((f) => [f(x), tf.grad(f)(x)]);
      }),
  ],
  ['channels to pixels', () => [2, 3].map((factor) => pixelShuffle(random([2, 3, 2, 36], 27), factor))],
  [
    'broadcasting, choosing, moving and padding',
    () => [
      tf.add(random([4, 1, 8], 14), random([3, 8], 15)),
      tf.add(random([4, 1, 3], 24), random([3, 1], 25)),
      tf.lessEqual(random([5, 7], 16), random([7], 17)),
      tf.where(tf.greater(random([4, 8], 18), 0), random([4, 8], 19), tf.scalar(1)),
      tf.reverse(random([4, 8], 20)),
      tf.tile(random([3, 5], 21), [2, 2]),
      tf.pad(random([3, 5], 22), [
        [1, 2],
        [0, 3],
      ]),
      tf.mirrorPad(
        random([3, 5], 23),
        [
          [1, 2],
          [0, 3],
        ],
        'reflect',
      ),
    ],
  ],
];

describe('cuda: kernels on the emulator give the same bits', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  const device = withEmulator();
  for (const [what, compute] of computations) {
    it(`in every order of blocks and threads, and with indices of 64 bits: ${what}`, async () => {
      const {emulation} = device();
      const bits = async (order: Order, wideIndices: boolean): Promise<number[][]> => {
        Object.assign(emulation, {order, wideIndices});
        return (await on(emulatorName, compute)).map(({values}) => values);
      };
      const first = await bits('forwards', false);
      for (const order of orders) expect(await bits(order, order === 'mixed')).to.deep.equal(first);
    });
  }
});
