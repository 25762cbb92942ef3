import type {TensorInfo} from '@tensorflow/tfjs-core';
import {kernel, type Context} from '../kernel.js';

interface Attrs {
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  outside: 'zero' | 'reflect';
}

function run(
  source: TensorInfo,
  maps: TensorInfo,
  seen: TensorInfo,
  {height, width, outHeight, outWidth, outside}: Attrs,
  transposed: boolean,
  {heap}: Context,
): void {
  heap.native.affineSample(
    heap.address(source),
    heap.address(maps),
    heap.address(seen),
    seen.shape[0]!,
    height,
    width,
    outHeight,
    outWidth,
    seen.shape[3]!,
    outside === 'reflect',
    transposed,
    heap.pool,
  );
}

const sample = kernel<Record<'x' | 'maps', unknown>, Attrs>('AffineSample', ({x, maps}, attrs, context) => {
  const out = context.heap.output([x.shape[0]!, attrs.outHeight, attrs.outWidth, x.shape[3]!]);
  run(x, maps, out, attrs, false, context);
  return out;
});

const transpose = kernel<Record<'dy' | 'maps', unknown>, Attrs>(
  'AffineSampleTranspose',
  ({dy, maps}, attrs, context) => {
    const dx = context.heap.output([dy.shape[0]!, attrs.height, attrs.width, dy.shape[3]!]);
    run(dx, maps, dy, attrs, true, context);
    return dx;
  },
);

/** Images seen through affine maps, and its gradient (see src/backends/fused/affine-sample.ts of gan). */
export const affineSampleKernels = [sample, transpose];
