import type {SelectInputs} from '@tensorflow/tfjs-core';
import type {Gpu, KernelSource} from '../gpu.js';
import {pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {bytesOf, kernel, result, sizeOf, view, type View} from './kernel.js';
import {source} from './source.js';
import {broadcastStrides, joinAxes, walkArg} from './walk.js';

/** Variants of a source that moves numbers of 4 bytes or of 1 without looking at them. */
export function movers(
  file: string,
  macros: Readonly<Record<string, string>> = {},
  name = '',
): (x: View) => KernelSource {
  const [words, bytes] = ['u32', 'u8'].map((NUMBER) => source(file, name + NUMBER, {...macros, NUMBER})) as [
    KernelSource,
    KernelSource,
  ];
  return ({dtype}) => (bytesOf(dtype) === 4 ? words : bytes);
}

const variantOf = movers('select');

/** A condition of rank 1 chooses whole rows: tfjs keeps this from old. */
function conditionShape(condition: View, shape: readonly number[]): readonly number[] {
  return condition.shape.length === 1 && shape.length > 1
    ? [condition.shape[0]!, ...shape.slice(1).map(() => 1)]
    : condition.shape;
}

export const select = kernel<SelectInputs>('Select', ({condition, t, e}, _attrs, context) => {
  const gpu: Gpu = context.gpu;
  const [which, a] = [toType(context, view(gpu, condition), 'bool'), view(gpu, t)];
  const b = toType(context, view(gpu, e), a.dtype);
  const y = result(gpu, t.shape, a.dtype);
  const strides = [conditionShape(which, t.shape), t.shape, e.shape].map((shape) => broadcastStrides(shape, t.shape));
  const walk = joinAxes({sizes: [...t.shape], strides});
  forEach(gpu, variantOf(y), 'select', sizeOf(t.shape), [which, a, b, y].map(pointer).concat(walkArg(walk)), 4);
  return y.info;
});
