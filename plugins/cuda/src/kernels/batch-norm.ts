import type {FusedBatchNormAttrs, FusedBatchNormInputs} from '@tensorflow/tfjs-core';
import type {Element} from '../gpu.js';
import {float, long, longs, pointer} from './args.js';
import {fill} from './fill.js';
import {forEach} from './geometry.js';
import {kernel, result, scratch, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {byElement} from './source.js';
import {sumRows} from './sum-rows.js';

const variants = byElement('batch-norm');

type Inputs = Record<'x' | 'weight' | 'bias', unknown>;
type GradInputs = Inputs & Record<'dy' | 'mean' | 'variance', unknown>;
interface Attrs {
  eps: number;
  slope: number;
}

function normalize(
  {gpu}: Context,
  type: Element,
  {x, mean, gain, bias, y}: Record<'x' | 'mean' | 'gain' | 'bias' | 'y', View>,
  slope: number,
): void {
  const count = sizeOf(x.shape);
  const args = [...[x, mean, gain, bias, y].map(pointer), float(slope), long(count), long(sizeOf(mean.shape))];
  forEach(gpu, variants[type], 'normalize', count, args, 4);
}

const batchNorm = kernel<Inputs, Attrs>('TrainBatchNorm', (inputs, {eps, slope}, context) => {
  const {gpu} = context;
  const type = gpu.elementOf(inputs.x);
  const [x, weight, bias] = [view(gpu, inputs.x, type), view(gpu, inputs.weight), view(gpu, inputs.bias)];
  const channels = sizeOf(weight.shape);
  const [y, mean, variance] = [
    result(gpu, x.shape, 'float32', type),
    result(gpu, [channels], 'float32'),
    result(gpu, [channels], 'float32'),
  ];
  const gain = scratch(gpu, [channels], 'float32');
  sumRows(
    gpu,
    variants[type],
    x,
    channels,
    3,
    {entry: 'moments', args: (partial) => [pointer(x), pointer(partial)]},
    {
      entry: 'statistics',
      args: (partial) => [...[partial, x, weight, mean, variance, gain].map(pointer), float(eps)],
    },
  );
  normalize(context, type, {x, mean, gain, bias, y}, slope);
  return [y.info, mean.info, variance.info];
});

const batchNormGrad = kernel<GradInputs, Attrs>('TrainBatchNormGrad', (inputs, {eps, slope}, context) => {
  const {gpu} = context;
  const type = gpu.elementOf(inputs.x);
  const of = (name: keyof GradInputs): View => view(gpu, inputs[name], name === 'x' || name === 'dy' ? type : 'float');
  const [x, dy, weight, bias, mean, variance] = [
    of('x'),
    of('dy'),
    of('weight'),
    of('bias'),
    of('mean'),
    of('variance'),
  ];
  const channels = sizeOf(weight.shape);
  const [dx, dWeight, dBias] = [
    result(gpu, x.shape, 'float32', type),
    result(gpu, [channels], 'float32'),
    result(gpu, [channels], 'float32'),
  ];
  const count = sizeOf(x.shape);
  // Parts of kernels/batch-norm.cu
  const parts = longs(...[1, 2, 3].map(() => scratch(gpu, [channels], 'float32').address));
  sumRows(
    gpu,
    variants[type],
    x,
    channels,
    2,
    {
      entry: 'slopes',
      args: (partial) => [...[x, dy, weight, bias, mean, variance, partial].map(pointer), float(eps), float(slope)],
    },
    {
      entry: 'totals',
      args: (partial) => [
        ...[partial, weight, variance, dWeight, dBias].map(pointer),
        parts,
        float(eps),
        float(channels / count),
      ],
    },
  );
  const arrays = [...[x, dy, mean, bias].map(pointer), parts, pointer(dx)];
  forEach(gpu, variants[type], 'inputGradients', count, [...arrays, float(slope), long(count), long(channels)], 4);
  return [dx.info, dWeight.info, dBias.info];
});

/**
 * Batch norm with given statistics. A statistics tensor with more axes than channels repeats along the other axes in
 * memory order.
 */
const fusedBatchNorm = kernel<FusedBatchNormInputs, FusedBatchNormAttrs>(
  'FusedBatchNorm',
  (inputs, {varianceEpsilon}, context) => {
    const {gpu} = context;
    const type = gpu.elementOf(inputs.x);
    const [x, mean, variance] = [view(gpu, inputs.x, type), view(gpu, inputs.mean), view(gpu, inputs.variance)];
    /** tfjs leaves out what is not given. */
    const given = (name: 'scale' | 'offset', otherwise: number): View => {
      const tensor = (inputs as Partial<typeof inputs>)[name];
      if (tensor) return view(gpu, tensor);
      const numbers = scratch(gpu, mean.shape, 'float32');
      fill(context, numbers, otherwise);
      return numbers;
    };
    const y = result(gpu, x.shape, 'float32', type);
    const gain = scratch(gpu, mean.shape, 'float32');
    const channels = sizeOf(mean.shape);
    const args = [...[variance, given('scale', 1), gain].map(pointer), float(varianceEpsilon), long(channels)];
    forEach(gpu, variants.float, 'gains', channels, args);
    normalize(context, type, {x, mean, gain, bias: given('offset', 0), y}, 1);
    return y.info;
  },
);

/**
 * Batch normalisation in training mode with the activation after it (see src/backends/fused/batch-norm.ts of gan), and
 * tfjs's own.
 */
export const batchNormKernels: readonly Kernel[] = [batchNorm, batchNormGrad, fusedBatchNorm];
