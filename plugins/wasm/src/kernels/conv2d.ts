import type {
  backend_util,
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropFilterInputs,
  Conv2DBackpropInputAttrs,
  Conv2DBackpropInputInputs,
  Conv2DInputs,
} from '@tensorflow/tfjs-core';
import type {Heap} from '../heap.js';
import {kernel, type Tf} from '../kernel.js';
import {windowFields, type Shape4D} from './window.js';

type Attrs = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'> & {
  dilations?: Conv2DAttrs['dilations'];
};

/** Sizes of a convolution; its gradients have dilation 1 only, in every tfjs backend. */
function sizes(tf: Tf, name: string, inShape: number[], filterShape: number[], attrs: Attrs): backend_util.Conv2DInfo {
  if (attrs.dataFormat === 'NCHW') {
    throw new Error(`${name} on wasm: dataFormat 'NCHW' is not supported; transpose the images to NHWC`);
  }
  return tf.backend_util.computeConv2DInfo(
    inShape as Shape4D,
    filterShape as Shape4D,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
}

/** Runs a convolution the faster way: minimal filtering in a buffer, or directly. */
function convolve(
  heap: Heap,
  conv: backend_util.Conv2DInfo,
  kind: 0 | 1 | 2,
  ways: {minimal(window: number, buffer: number): void; direct(window: number): void},
): void {
  const window = heap.struct(windowFields(conv));
  const bytes = heap.native.minimalBytes(window, kind, heap.pool);
  if (bytes > 0) ways.minimal(window, heap.buffer(bytes));
  else ways.direct(window);
}

const conv2D = kernel<Conv2DInputs, Conv2DAttrs>('Conv2D', ({x, filter}, attrs, {tf, heap}) => {
  const conv = sizes(tf, 'Conv2D', x.shape, filter.shape, attrs);
  const y = heap.output(conv.outShape);
  const addresses = [heap.address(x), heap.address(filter), heap.address(y)] as const;
  convolve(heap, conv, 0, {
    minimal: (window, buffer) => heap.native.minimalForward(window, ...addresses, buffer, heap.pool),
    direct: (window) => heap.native.conv2d(window, ...addresses, heap.pool),
  });
  return y;
});

const conv2DBackpropFilter = kernel<Conv2DBackpropFilterInputs, Conv2DBackpropFilterAttrs>(
  'Conv2DBackpropFilter',
  ({x, dy}, attrs, {tf, heap}) => {
    const conv = sizes(tf, 'Conv2DBackpropFilter', x.shape, attrs.filterShape, attrs);
    const dFilter = heap.output(conv.filterShape);
    const addresses = [heap.address(x), heap.address(dy), heap.address(dFilter)] as const;
    convolve(heap, conv, 1, {
      minimal: (window, buffer) => heap.native.minimalBackpropFilter(window, ...addresses, buffer, heap.pool),
      direct: (window) => heap.native.conv2dBackpropFilter(window, ...addresses, heap.pool),
    });
    return dFilter;
  },
);

const conv2DBackpropInput = kernel<Conv2DBackpropInputInputs, Conv2DBackpropInputAttrs>(
  'Conv2DBackpropInput',
  ({dy, filter}, attrs, {tf, heap}) => {
    const conv = sizes(tf, 'Conv2DBackpropInput', attrs.inputShape, filter.shape, attrs);
    const dx = heap.output(conv.inShape);
    if (coversImage(conv)) {
      const patch = conv.filterHeight * conv.filterWidth * conv.inChannels;
      heap.native.matmul(
        heap.address(dy),
        false,
        heap.address(filter),
        true,
        heap.address(dx),
        conv.batchSize,
        patch,
        conv.outChannels,
        heap.pool,
      );
    } else {
      const addresses = [heap.address(dy), heap.address(filter), heap.address(dx)] as const;
      const window = heap.struct(windowFields(conv));
      const bytes = heap.native.scatterBytes(window, heap.threadCount);
      if (bytes > 0) heap.native.scatterBackpropInput(window, ...addresses, heap.buffer(bytes), heap.pool);
      else
        convolve(heap, conv, 2, {
          minimal: (window, buffer) => heap.native.minimalBackpropInput(window, ...addresses, buffer, heap.pool),
          direct: (window) => heap.native.conv2dBackpropInput(window, ...addresses, heap.pool),
        });
    }
    return dx;
  },
);

/** True if the filter fits the image in only one position, as when a generator turns a latent vector into an image. */
function coversImage({
  outHeight,
  outWidth,
  filterHeight,
  filterWidth,
  inHeight,
  inWidth,
  padInfo,
}: backend_util.Conv2DInfo): boolean {
  return (
    outHeight === 1 &&
    outWidth === 1 &&
    filterHeight === inHeight &&
    filterWidth === inWidth &&
    padInfo.top === 0 &&
    padInfo.left === 0
  );
}

export const conv2DKernels = [conv2D, conv2DBackpropFilter, conv2DBackpropInput];
