import type {MaxPoolGradAttrs, MaxPoolGradInputs} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';
import {windowFields, type Shape4D} from './window.js';

/**
 * The stock kernel starts each search at the smallest positive float, and so is wrong for windows of negative numbers.
 */
export const maxPoolGrad = kernel<MaxPoolGradInputs, MaxPoolGradAttrs>(
  'MaxPoolGrad',
  ({dy, input}, {filterSize, strides, pad, dimRoundingMode}, {tf, heap}) => {
    const info = tf.backend_util.computePool2DInfo(
      input.shape as Shape4D,
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const dx = heap.output(input.shape);
    heap.native.maxPoolGrad(heap.struct(windowFields(info)), heap.address(input), heap.address(dy), heap.address(dx));
    return dx;
  },
);
