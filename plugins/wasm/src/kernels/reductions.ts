import type {SumAttrs, SumInputs} from '@tensorflow/tfjs-core';
import {kernel, type Tf} from '../kernel.js';

/** x seen as [outer, reduced, inner]; undefined if other axes lie between the reduced ones. */
function split(tf: Tf, shape: number[], axes: number[]): {outer: number; reduced: number; inner: number} | undefined {
  // Axes of size 1 may count as reduced or not, whichever fits.
  const wide = axes.filter((axis) => (shape[axis] ?? 1) !== 1);
  const first = Math.min(...wide, shape.length);
  const last = Math.max(...wide, -1);
  const between = shape.slice(first, last + 1).filter((size, i) => size !== 1 && !wide.includes(first + i));
  if (between.length > 0) return undefined;
  return {
    outer: tf.util.sizeFromShape(shape.slice(0, first)),
    reduced: wide.length === 0 ? 1 : tf.util.sizeFromShape(shape.slice(first, last + 1)),
    inner: wide.length === 0 ? 1 : tf.util.sizeFromShape(shape.slice(last + 1)),
  };
}

/** Sum or mean over neighbouring axes; the stock kernels transpose first unless these are the last ones. */
function reduction(name: 'Sum' | 'Mean') {
  return kernel<SumInputs, SumAttrs>(name, ({x}, {axis, keepDims}, {tf, heap, stock}) => {
    const axes = tf.util.parseAxisParam(axis, x.shape);
    const parts = split(tf, x.shape, axes);
    if (x.dtype !== 'float32' || !parts) return stock();
    const [shape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
    const out = heap.output(keepDims ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape);
    const {outer, reduced, inner} = parts;
    heap.native.sum(heap.address(x), heap.address(out), outer, reduced, inner, name === 'Mean' ? 1 / reduced : 1);
    return out;
  });
}

export const reductionKernels = [reduction('Sum'), reduction('Mean')];
