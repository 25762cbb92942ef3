import type {
  backend_util,
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropFilterInputs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  DepthwiseConv2dNativeBackpropInputInputs,
  DepthwiseConv2dNativeInputs,
} from '@tensorflow/tfjs-core';
import {long, pointer} from './args.js';
import type {Shape4D} from './conv2d.js';
import {forEach, threads} from './geometry.js';
import {kernel, result, sizeOf, view, type Kernel, type Tf} from './kernel.js';
import {source} from './source.js';
import {windowArg} from './window.js';

const variant = source('depthwise');

function depthwise(
  tf: Tf,
  x: number[],
  filter: number[],
  {strides, pad, dilations, dimRoundingMode}: Omit<DepthwiseConv2dNativeAttrs, 'dataFormat'>,
): backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

export const depthwiseKernels: readonly Kernel[] = [
  kernel<DepthwiseConv2dNativeInputs, DepthwiseConv2dNativeAttrs>(
    'DepthwiseConv2dNative',
    ({x, filter}, attrs, {tf, gpu}) => {
      const info = depthwise(tf, x.shape, filter.shape, attrs);
      const y = result(gpu, info.outShape, 'float32');
      forEach(gpu, variant, 'forward', sizeOf(y.shape), [
        pointer(view(gpu, x)),
        pointer(view(gpu, filter)),
        pointer(y),
        long(filter.shape[3]!),
        windowArg(info),
      ]);
      return y.info;
    },
  ),
  kernel<DepthwiseConv2dNativeBackpropInputInputs, DepthwiseConv2dNativeBackpropInputAttrs>(
    'DepthwiseConv2dNativeBackpropInput',
    ({dy, filter}, {inputShape, ...attrs}, {tf, gpu}) => {
      const info = depthwise(tf, inputShape, filter.shape, attrs);
      const dx = result(gpu, inputShape, 'float32');
      forEach(gpu, variant, 'inputGradient', sizeOf(dx.shape), [
        pointer(view(gpu, dy)),
        pointer(view(gpu, filter)),
        pointer(dx),
        long(filter.shape[3]!),
        windowArg(info),
      ]);
      return dx.info;
    },
  ),
  kernel<DepthwiseConv2dNativeBackpropFilterInputs, DepthwiseConv2dNativeBackpropFilterAttrs>(
    'DepthwiseConv2dNativeBackpropFilter',
    ({x, dy}, {filterShape, ...attrs}, {tf, gpu}) => {
      const info = depthwise(tf, x.shape, filterShape, attrs);
      const dFilter = result(gpu, filterShape, 'float32');
      const args = [
        pointer(view(gpu, x)),
        pointer(view(gpu, dy)),
        pointer(dFilter),
        long(filterShape[3]),
        windowArg(info),
      ];
      gpu.launch({
        source: variant,
        entry: 'filterGradient',
        grid: [sizeOf(filterShape), 1, 1],
        block: [threads, 1, 1],
        args,
      });
      return dFilter.info;
    },
  ),
];
