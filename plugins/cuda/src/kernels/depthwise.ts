import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropFilterInputs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  DepthwiseConv2dNativeBackpropInputInputs,
  DepthwiseConv2dNativeInputs,
} from '@tensorflow/tfjs-core';
import type {Convolution} from '../dnn/types.js';
import type {Shape4D} from './conv2d.js';
import {convolve, convolveFilterGradient, convolveInputGradient} from './convolve.js';
import {kernel, result, view, type Kernel, type Tf} from './kernel.js';

/** tfjs's filter [fh, fw, c, multiplier] lies in memory as that of c groups, [fh, fw, 1, c multiplier]. */
function depthwise(
  tf: Tf,
  x: number[],
  filter: number[],
  {strides, pad, dilations, dimRoundingMode}: Omit<DepthwiseConv2dNativeAttrs, 'dataFormat'>,
): Convolution {
  const info = tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
  return {...info, groups: info.inChannels};
}

export const depthwiseKernels: readonly Kernel[] = [
  kernel<DepthwiseConv2dNativeInputs, DepthwiseConv2dNativeAttrs>(
    'DepthwiseConv2dNative',
    ({x, filter}, attrs, {tf, gpu}) => {
      const conv = depthwise(tf, x.shape, filter.shape, attrs);
      const y = result(gpu, [conv.batchSize, conv.outHeight, conv.outWidth, conv.outChannels], 'float32');
      convolve(gpu, conv, view(gpu, x).address, view(gpu, filter).address, y.address);
      return y.info;
    },
  ),
  kernel<DepthwiseConv2dNativeBackpropInputInputs, DepthwiseConv2dNativeBackpropInputAttrs>(
    'DepthwiseConv2dNativeBackpropInput',
    ({dy, filter}, {inputShape, ...attrs}, {tf, gpu}) => {
      const dx = result(gpu, inputShape, 'float32');
      const conv = depthwise(tf, inputShape, filter.shape, attrs);
      convolveInputGradient(gpu, conv, view(gpu, dy).address, view(gpu, filter).address, dx.address);
      return dx.info;
    },
  ),
  kernel<DepthwiseConv2dNativeBackpropFilterInputs, DepthwiseConv2dNativeBackpropFilterAttrs>(
    'DepthwiseConv2dNativeBackpropFilter',
    ({x, dy}, {filterShape, ...attrs}, {tf, gpu}) => {
      const dFilter = result(gpu, filterShape, 'float32');
      const conv = depthwise(tf, x.shape, filterShape, attrs);
      convolveFilterGradient(gpu, conv, view(gpu, x).address, view(gpu, dy).address, dFilter.address);
      return dFilter.info;
    },
  ),
];
