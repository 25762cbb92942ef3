import type {UnsortedSegmentSumAttrs, UnsortedSegmentSumInputs} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** Sums of the rows of x that share an id; the gradient of `gather`. Ids have the leading axes of x. */
export const unsortedSegmentSum = kernel<UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>(
  'UnsortedSegmentSum',
  ({x, segmentIds}, {numSegments}, {tf, heap}) => {
    if (x.dtype !== 'float32') {
      throw new Error(`UnsortedSegmentSum on wasm: x must be float32, got ${x.dtype}; use tf.cast`);
    }
    const [outer = 1, ...middle] = segmentIds.shape;
    const inner = x.shape.slice(segmentIds.shape.length);
    const out = heap.output([numSegments, ...middle, ...inner]);
    heap.native.segmentSum(
      heap.address(x),
      heap.address(segmentIds),
      heap.address(out),
      outer,
      tf.util.sizeFromShape(middle),
      tf.util.sizeFromShape(inner),
      numSegments,
    );
    return out;
  },
);
