import type {
  GatherV2Attrs,
  GatherV2Inputs,
  UnsortedSegmentSumAttrs,
  UnsortedSegmentSumInputs,
} from '@tensorflow/tfjs-core';
import {long, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel} from './kernel.js';
import {movers} from './select.js';
import {source} from './source.js';

const variantOf = movers('gather');
const sums = {
  float32: source('segment-sum', 'float32', {NUMBER: 'float'}),
  int32: source('segment-sum', 'int32', {NUMBER: 'int'}),
};

export const gatherKernels: readonly Kernel[] = [
  kernel<GatherV2Inputs, GatherV2Attrs>('GatherV2', ({x, indices}, {axis, batchDims}, context) => {
    const {tf, gpu} = context;
    const at = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const {batchSize, outerSize, dimSize, sliceSize, outputShape} =
      tf.backend_util.segment_util.collectGatherOpShapeInfo(x, indices, at, batchDims);
    const from = view(gpu, x);
    const places = toType(context, view(gpu, indices), 'int32');
    const y = result(gpu, outputShape, from.dtype);
    const sizes = [batchSize, outerSize, dimSize, sizeOf(indices.shape) / batchSize, sliceSize];
    forEach(gpu, variantOf(from), 'gather', sizeOf(outputShape), [
      pointer(from),
      pointer(places),
      pointer(y),
      ...sizes.map(long),
    ]);
    return y.info;
  }),
  kernel<UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>(
    'UnsortedSegmentSum',
    ({x, segmentIds}, {numSegments}, context) => {
      const {gpu} = context;
      const given = view(gpu, x);
      const type = given.dtype === 'float32' ? 'float32' : 'int32';
      const rows = sizeOf(segmentIds.shape);
      const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
      const y = result(gpu, shape, type);
      const ids = toType(context, view(gpu, segmentIds), 'int32');
      const inner = sizeOf(shape.slice(1));
      forEach(gpu, sums[type], 'segmentSum', numSegments * inner, [
        pointer(toType(context, given, type)),
        pointer(ids),
        pointer(y),
        ...[rows, inner, numSegments].map(long),
      ]);
      return y.info;
    },
  ),
];
