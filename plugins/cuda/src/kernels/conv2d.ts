import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropFilterInputs,
  Conv2DBackpropInputAttrs,
  Conv2DBackpropInputInputs,
  Conv2DInputs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import type {Convolution} from '../dnn/types.js';
import {kernel, result, type Kernel, type Tf} from './kernel.js';

export type Shape4D = [number, number, number, number];

/** Sizes of a convolution; NHWC. */
function convolution(
  tf: Tf,
  x: number[],
  filter: number[],
  {
    strides,
    pad,
    dimRoundingMode,
    dilations = 1,
    dataFormat,
  }: Omit<Conv2DAttrs, 'dilations'> & {dilations?: Conv2DAttrs['dilations']},
): Convolution {
  const {backend_util} = tf;
  const info = backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(dataFormat),
  );
  return {...info, groups: 1};
}

/** Convolutions with cuDNN. */
export const conv2DKernels: readonly Kernel[] = [
  kernel<Conv2DInputs, Conv2DAttrs>('Conv2D', ({x, filter}, attrs, {tf, gpu}) => {
    const conv = convolution(tf, x.shape, filter.shape, attrs);
    const type = gpu.dnn.elementOf(conv);
    const y = result(gpu, [conv.batchSize, conv.outHeight, conv.outWidth, conv.outChannels], 'float32', type);
    gpu.dnn.forward(conv, x, filter, {address: y.address, type});
    return y.info;
  }),
  kernel<Conv2DBackpropInputInputs, Conv2DBackpropInputAttrs>(
    'Conv2DBackpropInput',
    ({dy, filter}, {inputShape, ...attrs}, {tf, gpu}) => {
      const conv = convolution(tf, inputShape, filter.shape, attrs);
      const type = gpu.dnn.elementOf(conv);
      const dx = result(gpu, inputShape, 'float32', type);
      gpu.dnn.dataGradient(conv, dy, filter, {address: dx.address, type});
      return dx.info;
    },
  ),
  kernel<Conv2DBackpropFilterInputs & {sum?: TensorInfo}, Conv2DBackpropFilterAttrs>(
    'Conv2DBackpropFilter',
    ({x, dy, sum}, {filterShape, ...attrs}, {tf, gpu}) => {
      const conv = convolution(tf, x.shape, filterShape, attrs);
      if (sum) {
        gpu.dnn.filterGradient(conv, x, dy, gpu.overwrite(sum), gpu.turnedOf(sum), true);
        return gpu.alias(sum);
      }
      const turned = gpu.dnn.orderOf(conv);
      const dFilter = result(gpu, filterShape, 'float32', 'float', turned);
      gpu.dnn.filterGradient(conv, x, dy, dFilter.address, turned);
      return dFilter.info;
    },
  ),
];
