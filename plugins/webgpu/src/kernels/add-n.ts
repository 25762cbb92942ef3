import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Kernel} from '../kernel.js';

/**
 * The stock kernel binds all inputs and the result at a time; a shader may bind 8 to some 16 buffers, by device. So
 * more are added up in groups. Gradients of what is used in many places are sums of many.
 */
export const addN: Kernel = {
  name: 'AddN',
  compute(inputs, {backend, stock}) {
    const tensors = Object.values(inputs) as TensorInfo[];
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    let sum = stock(tensors.slice(0, most));
    for (let at = most; at < tensors.length; at += most - 1) {
      const longer = stock([sum, ...tensors.slice(at, at + most - 1)]);
      backend.disposeData(sum.dataId);
      sum = longer;
    }
    return sum;
  },
};
