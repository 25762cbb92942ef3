import type {Convolution} from '../dnn/types.js';
import {kernel, result, type Kernel} from './kernel.js';

type Pair = [rows: number, columns: number];

/** Those of src/backends/fused/grouped-conv.ts of gan. */
interface Attrs {
  groups: number;
  stride: Pair;
  dilation: Pair;
  padding: Pair;
  inSize: Pair;
  kernelSize: Pair;
  outSize: Pair;
}

function convolution(attrs: Attrs, batchSize: number, inChannels: number, outChannels: number): Convolution {
  const [top, left] = attrs.padding;
  return {
    groups: attrs.groups,
    batchSize,
    inHeight: attrs.inSize[0],
    inWidth: attrs.inSize[1],
    inChannels,
    outHeight: attrs.outSize[0],
    outWidth: attrs.outSize[1],
    outChannels,
    filterHeight: attrs.kernelSize[0],
    filterWidth: attrs.kernelSize[1],
    strideHeight: attrs.stride[0],
    strideWidth: attrs.stride[1],
    dilationHeight: attrs.dilation[0],
    dilationWidth: attrs.dilation[1],
    padInfo: {top, bottom: after(attrs, 0), left, right: after(attrs, 1)},
  };
}

/** Zeros after the last row or column: as many as before the first if that gives the same, else what is needed. */
function after({stride, dilation, padding, inSize, kernelSize, outSize}: Attrs, axis: 0 | 1): number {
  const reach = dilation[axis] * (kernelSize[axis] - 1) + 1;
  const least = (outSize[axis] - 1) * stride[axis] + reach - inSize[axis] - padding[axis];
  return padding[axis] >= least && padding[axis] < least + stride[axis] ? padding[axis] : least;
}

/** Convolutions in groups. */
export const groupedConvKernels: readonly Kernel[] = [
  kernel<Record<'x' | 'filter', unknown>, Attrs>('GroupedConv2D', ({x, filter}, attrs, {gpu}) => {
    const conv = convolution(attrs, x.shape[0]!, x.shape[3]!, filter.shape[3]!);
    const type = gpu.dnn.elementOf(conv);
    const y = result(gpu, [conv.batchSize, conv.outHeight, conv.outWidth, conv.outChannels], 'float32', type);
    gpu.dnn.forward(conv, x, filter, {address: y.address, type});
    return y.info;
  }),
  kernel<Record<'dy' | 'filter', unknown>, Attrs>('GroupedConv2DBackpropInput', ({dy, filter}, attrs, {gpu}) => {
    const conv = convolution(attrs, dy.shape[0]!, filter.shape[2]! * attrs.groups, dy.shape[3]!);
    const type = gpu.dnn.elementOf(conv);
    const dx = result(gpu, [conv.batchSize, conv.inHeight, conv.inWidth, conv.inChannels], 'float32', type);
    gpu.dnn.dataGradient(conv, dy, filter, {address: dx.address, type});
    return dx.info;
  }),
  kernel<Record<'x' | 'dy', unknown>, Attrs>('GroupedConv2DBackpropFilter', ({x, dy}, attrs, {gpu}) => {
    const conv = convolution(attrs, x.shape[0]!, x.shape[3]!, dy.shape[3]!);
    const shape = [conv.filterHeight, conv.filterWidth, conv.inChannels / conv.groups, conv.outChannels];
    const turned = gpu.dnn.orderOf(conv);
    const dFilter = result(gpu, shape, 'float32', 'float', turned);
    gpu.dnn.filterGradient(conv, x, dy, dFilter.address, turned);
    return dFilter.info;
  }),
];
