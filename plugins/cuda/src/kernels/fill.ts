import type {FillAttrs, OneHotAttrs, OneHotInputs, RangeAttrs, UnaryInputs} from '@tensorflow/tfjs-core';
import type {GpuDtype} from '../gpu.js';
import {float, long, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Context, type Kernel, type View} from './kernel.js';
import {pattern} from './pad.js';
import {movers} from './select.js';
import {source} from './source.js';

const variantOf = movers('fill');

/** Every number of y = value. */
export function fill({gpu}: Context, y: View, value: number): void {
  const count = sizeOf(y.shape);
  forEach(gpu, variantOf(y), 'fill', count, [pointer(y), pattern(value, y), long(count)], 4);
}

const filled = (name: string, value: number): Kernel =>
  kernel<UnaryInputs>(name, ({x}, _attrs, context) => {
    const y = result(context.gpu, x.shape, x.dtype as GpuDtype);
    fill(context, y, value);
    return y.info;
  });

const ranges = {float32: source('range', 'float32', {OUT: 'float'}), int32: source('range', 'int32', {OUT: 'int'})};
const hotOf = movers('one-hot');

export const fillKernels: readonly Kernel[] = [
  filled('ZerosLike', 0),
  filled('OnesLike', 1),
  kernel<object, FillAttrs>('Fill', (_inputs, {shape, value, dtype}, context) => {
    if (typeof value !== 'number') throw new Error(`cuda: tensors are filled with numbers, not with ${typeof value}s`);
    const y = result(context.gpu, shape, (dtype ?? 'float32') as GpuDtype);
    fill(context, y, value);
    return y.info;
  }),
  kernel<object, RangeAttrs>('Range', (_inputs, {start, stop, step, dtype}, {gpu}) => {
    const count = Math.max(Math.ceil((stop - start) / step), 0);
    const y = result(gpu, [count], dtype);
    forEach(gpu, ranges[dtype], 'range', count, [pointer(y), float(start), float(step), long(count)]);
    return y.info;
  }),
  kernel<OneHotInputs, OneHotAttrs>('OneHot', ({indices}, {dtype, depth, onValue, offValue}, context) => {
    const {gpu} = context;
    const y = result(gpu, [...indices.shape, depth], dtype as GpuDtype);
    const [count, places] = [sizeOf(indices.shape), toType(context, view(gpu, indices), 'int32')];
    forEach(gpu, hotOf(y), 'oneHot', count * depth, [
      pointer(places),
      pointer(y),
      long(count),
      long(depth),
      pattern(onValue, y),
      pattern(offValue, y),
    ]);
    return y.info;
  }),
];
