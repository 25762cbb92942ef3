import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Heap} from '../heap.js';
import {kernel} from '../kernel.js';

type Pair = [rows: number, columns: number];

interface Attrs {
  groups: number;
  stride: Pair;
  dilation: Pair;
  padding: Pair;
  inSize: Pair;
  kernelSize: Pair;
  outSize: Pair;
}

/** What the list of a pixel's taps has room for (assembly/depthwise-conv.ts). */
const mostTaps = 256;

/** Writes the sizes in the order of the fields of assembly/window.ts and assembly/grouped.ts. */
function window(heap: Heap, batch: number, inChannels: number, outChannels: number, attrs: Attrs): number {
  const {groups, stride, dilation, padding, inSize, kernelSize, outSize} = attrs;
  const images = [batch, ...inSize, inChannels, ...outSize, outChannels];
  return heap.struct([...images, ...kernelSize, ...stride, ...dilation, ...padding, groups]);
}

/** Whether each channel has one filter and nothing else. */
const isDepthwise = (inChannels: number, outChannels: number, {groups, kernelSize}: Attrs): boolean =>
  inChannels === groups && outChannels === groups && kernelSize[0] * kernelSize[1] <= mostTaps;

const channelsOf = (x: TensorInfo): number => x.shape[3]!;

const forward = kernel<Record<'x' | 'filter', unknown>, Attrs>('GroupedConv2D', ({x, filter}, attrs, {heap}) => {
  const [batch, inChannels, outChannels] = [x.shape[0]!, channelsOf(x), channelsOf(filter)];
  const y = heap.output([batch, ...attrs.outSize, outChannels]);
  const sizes = window(heap, batch, inChannels, outChannels, attrs);
  const addresses = [heap.address(x), heap.address(filter), heap.address(y)] as const;
  if (isDepthwise(inChannels, outChannels, attrs)) heap.native.depthwiseConv(sizes, ...addresses, false, heap.pool);
  else {
    const buffer = heap.buffer(heap.native.groupedBytes(sizes, 0, heap.pool));
    heap.native.groupedConv(sizes, ...addresses, buffer, heap.pool);
  }
  return y;
});

const backpropInput = kernel<Record<'dy' | 'filter', unknown>, Attrs>(
  'GroupedConv2DBackpropInput',
  ({dy, filter}, attrs, {heap}) => {
    const [batch, inChannels, outChannels] = [dy.shape[0]!, filter.shape[2]! * attrs.groups, channelsOf(dy)];
    const dx = heap.output([batch, ...attrs.inSize, inChannels]);
    const sizes = window(heap, batch, inChannels, outChannels, attrs);
    const addresses = [heap.address(dy), heap.address(filter), heap.address(dx)] as const;
    if (isDepthwise(inChannels, outChannels, attrs)) heap.native.depthwiseConv(sizes, ...addresses, true, heap.pool);
    else {
      const buffer = heap.buffer(heap.native.groupedBytes(sizes, 2, heap.pool));
      heap.native.groupedInput(sizes, ...addresses, buffer, heap.pool);
    }
    return dx;
  },
);

const backpropFilter = kernel<Record<'x' | 'dy', unknown>, Attrs>(
  'GroupedConv2DBackpropFilter',
  ({x, dy}, attrs, {heap}) => {
    const [batch, inChannels, outChannels] = [x.shape[0]!, channelsOf(x), channelsOf(dy)];
    const dFilter = heap.output([...attrs.kernelSize, inChannels / attrs.groups, outChannels]);
    const sizes = window(heap, batch, inChannels, outChannels, attrs);
    const addresses = [heap.address(x), heap.address(dy), heap.address(dFilter)] as const;
    if (isDepthwise(inChannels, outChannels, attrs)) heap.native.depthwiseFilter(sizes, ...addresses, heap.pool);
    else {
      const buffer = heap.buffer(heap.native.groupedBytes(sizes, 1, heap.pool));
      heap.native.groupedFilter(sizes, ...addresses, buffer, heap.pool);
    }
    return dFilter;
  },
);

/** Convolution in groups of channels and its gradients (see src/backends/fused/grouped-conv.ts of gan). */
export const groupedConvKernels = [forward, backpropInput, backpropFilter];
