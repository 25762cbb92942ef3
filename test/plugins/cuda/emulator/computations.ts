import {tf, type Tensor} from 'gankit';
import type {Tensor4D} from '@tensorflow/tfjs-core';
import {resizeBilinear} from '../../../../dist/backends/fused/bilinear.js';
import {clipByGlobalNorm} from '../../../../dist/backends/fused/clip-by-global-norm.js';
import {firUp} from '../../../../dist/backends/fused/fir.js';
import {pixelShuffle} from '../../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool} from '../../../../dist/backends/fused/upsample.js';
import {random} from './support.js';

/** Kernels whose threads wait for each other, and those that choose between widths of an index. */
export const computations: [what: string, compute: () => Tensor | Tensor[]][] = [
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
  [
    'clipping',
    () => {
      const {length, clipped} = clipByGlobalNorm(
        [random([9000], 28), random([5], 29), random([4097], 30)],
        tf.scalar(1),
      );
      return [length, ...clipped];
    },
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
