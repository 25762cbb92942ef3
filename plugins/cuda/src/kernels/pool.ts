import type {AvgPool3DAttrs, AvgPoolAttrs, backend_util, TensorInfo} from '@tensorflow/tfjs-core';
import {pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel, type Tf, type View} from './kernel.js';
import {source} from './source.js';
import {windowArg} from './window.js';

const variant = source('pool');

type PoolInfo = backend_util.Conv2DInfo | backend_util.Conv3DInfo;

function poolInfo(tf: Tf, x: number[], attrs: AvgPoolAttrs | AvgPool3DAttrs): PoolInfo {
  if (x.length === 4) {
    const {filterSize, strides, pad, dimRoundingMode} = attrs as AvgPoolAttrs;
    return tf.backend_util.computePool2DInfo(
      x as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
  }
  const {filterSize, strides, pad, dimRoundingMode, dataFormat} = attrs as AvgPool3DAttrs;
  return tf.backend_util.computePool3DInfo(
    x as [number, number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
    dataFormat,
  );
}

/** `entry` of kernels/pool.cu over the outputs of a window, or over its inputs for a gradient. */
const pool = (name: string, entry: string): Kernel =>
  kernel<{x: unknown}, AvgPoolAttrs>(name, ({x}, attrs, {tf, gpu}) => {
    const info = poolInfo(tf, x.shape, attrs);
    const y = result(gpu, info.outShape, 'float32');
    forEach(gpu, variant, entry, sizeOf(y.shape), [pointer(view(gpu, x)), pointer(y), windowArg(info)]);
    return y.info;
  });

const gradient = (name: string, entry: string, needsInput: boolean): Kernel =>
  kernel<Record<'dy' | 'input', unknown>, AvgPoolAttrs>(name, ({dy, input}, attrs, {tf, gpu}) => {
    const dx = result(gpu, input.shape, 'float32');
    const given: TensorInfo[] = needsInput ? [input, dy] : [dy];
    const arrays: View[] = [...given.map((tensor) => view(gpu, tensor)), dx];
    forEach(gpu, variant, entry, sizeOf(dx.shape), [
      ...arrays.map(pointer),
      windowArg(poolInfo(tf, input.shape, attrs)),
    ]);
    return dx.info;
  });

export const poolKernels: readonly Kernel[] = [
  pool('MaxPool', 'maxPool'),
  pool('MaxPool3D', 'maxPool'),
  pool('AvgPool', 'avgPool'),
  pool('AvgPool3D', 'avgPool'),
  gradient('MaxPoolGrad', 'maxPoolGradient', true),
  gradient('MaxPool3DGrad', 'maxPoolGradient', true),
  gradient('AvgPoolGrad', 'avgPoolGradient', false),
  gradient('AvgPool3DGrad', 'avgPoolGradient', false),
];
