import type {
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropFilterInputs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  DepthwiseConv2dNativeBackpropInputInputs,
} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';
import {windowFields, type Shape4D} from './window.js';

const backpropFilter = kernel<DepthwiseConv2dNativeBackpropFilterInputs, DepthwiseConv2dNativeBackpropFilterAttrs>(
  'DepthwiseConv2dNativeBackpropFilter',
  ({x, dy}, {strides, dilations, pad, dimRoundingMode, filterShape}, {tf, heap}) => {
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as Shape4D,
      filterShape,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    const dFilter = heap.output(filterShape);
    heap.native.depthwiseBackpropFilter(
      heap.struct(windowFields(info)),
      heap.address(x),
      heap.address(dy),
      heap.address(dFilter),
    );
    return dFilter;
  },
);

const backpropInput = kernel<DepthwiseConv2dNativeBackpropInputInputs, DepthwiseConv2dNativeBackpropInputAttrs>(
  'DepthwiseConv2dNativeBackpropInput',
  ({dy, filter}, {strides, dilations, pad, dimRoundingMode, inputShape}, {tf, heap}) => {
    const info = tf.backend_util.computeConv2DInfo(
      inputShape,
      filter.shape as Shape4D,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    const dx = heap.output(inputShape);
    heap.native.depthwiseBackpropInput(
      heap.struct(windowFields(info)),
      heap.address(dy),
      heap.address(filter),
      heap.address(dx),
    );
    return dx;
  },
);

/** Gradients of depthwise convolution: tfjs-backend-wasm has the forward pass only. */
export const depthwiseKernels = [backpropFilter, backpropInput];
