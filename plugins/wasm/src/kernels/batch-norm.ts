import {kernel} from '../kernel.js';

type Inputs = Record<'x' | 'weight' | 'bias', unknown>;
type GradInputs = Inputs & Record<'dy' | 'mean' | 'variance', unknown>;
interface Attrs {
  eps: number;
  slope: number;
}

const batchNorm = kernel<Inputs, Attrs>('TrainBatchNorm', ({x, weight, bias}, {eps, slope}, {tf, heap}) => {
  const channels = weight.shape[0] ?? 1;
  const rows = tf.util.sizeFromShape(x.shape) / channels;
  const [y, mean, variance] = [heap.output(x.shape), heap.output([channels]), heap.output([channels])];
  heap.native.batchNorm(
    heap.address(x),
    heap.address(weight),
    heap.address(bias),
    heap.address(y),
    heap.address(mean),
    heap.address(variance),
    rows,
    channels,
    eps,
    slope,
    heap.buffer(heap.native.batchNormBytes(rows, channels)),
    heap.pool,
  );
  return [y, mean, variance];
});

const batchNormGrad = kernel<GradInputs, Attrs>(
  'TrainBatchNormGrad',
  ({x, weight, bias, dy, mean, variance}, {eps, slope}, {tf, heap}) => {
    const channels = weight.shape[0] ?? 1;
    const rows = tf.util.sizeFromShape(x.shape) / channels;
    const [dx, dWeight, dBias] = [heap.output(x.shape), heap.output([channels]), heap.output([channels])];
    heap.native.batchNormGrad(
      heap.address(x),
      heap.address(weight),
      heap.address(bias),
      heap.address(dy),
      heap.address(mean),
      heap.address(variance),
      heap.address(dx),
      heap.address(dWeight),
      heap.address(dBias),
      rows,
      channels,
      eps,
      slope,
      heap.buffer(heap.native.batchNormBytes(rows, channels)),
      heap.pool,
    );
    return [dx, dWeight, dBias];
  },
);

/** Batch normalisation in training mode, with the activation after it (see src/backends/fused/batch-norm.ts of gan). */
export const batchNormKernels = [batchNorm, batchNormGrad];
