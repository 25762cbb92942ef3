import type {CastAttrs, CastInputs, TensorInfo} from '@tensorflow/tfjs-core';
import type {GpuDtype, KernelSource} from '../gpu.js';
import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, scratch, sizeOf, view, type Context, type View} from './kernel.js';
import {source} from './source.js';

/** Whole numbers are cut off toward zero; what is not zero is true. */
const casts: Record<string, KernelSource> = {
  'float32 int32': source('unary', 'float-to-int', {IN: 'float', OUT: 'int', OP: 'x'}),
  'float32 bool': source('unary', 'float-to-bool', {IN: 'float', OUT: 'u8', OP: 'x != 0.f'}),
  'int32 float32': source('unary', 'int-to-float', {IN: 'int', OUT: 'float', OP: 'x'}),
  'int32 bool': source('unary', 'int-to-bool', {IN: 'int', OUT: 'u8', OP: 'x != 0'}),
  'bool float32': source('unary', 'bool-to-float', {IN: 'u8', OUT: 'float', OP: 'x'}),
  'bool int32': source('unary', 'bool-to-int', {IN: 'u8', OUT: 'int', OP: 'x'}),
};

function convert({gpu}: Context, x: View, y: View): void {
  const count = sizeOf(x.shape);
  forEach(
    gpu,
    casts[`${x.dtype} ${y.dtype}`]!,
    'unary',
    count,
    [pointer(x), pointer(y), long(count), float(0), float(0)],
    4,
  );
}

/** The numbers in another type, for the time of the operation. */
export function toType(context: Context, x: View, dtype: GpuDtype): View {
  if (x.dtype === dtype) return x;
  const y = scratch(context.gpu, x.shape, dtype);
  convert(context, x, y);
  return y;
}

export const cast = kernel<CastInputs, CastAttrs>('Cast', ({x}, {dtype}, context): TensorInfo => {
  const given = view(context.gpu, x);
  if (given.dtype === dtype) return context.gpu.alias(x);
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw new Error(`cuda: cannot cast to ${dtype}`);
  const y = result(context.gpu, x.shape, dtype);
  convert(context, given, y);
  return y.info;
});
