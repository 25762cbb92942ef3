import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Gpu} from '../gpu.js';
import {kernels} from './index.js';
import type {Tf} from './kernel.js';

/** Registers the kernels with tfjs under the name of a backend. Returns a function that removes them. */
export function registerKernels(tf: Tf, gpu: Gpu, backendName: string): () => void {
  const context = {tf, gpu};
  for (const {name, compute} of kernels) {
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({inputs, attrs}) => {
        const given = Object.values(inputs).filter(
          (tensor: TensorInfo | undefined) => tensor !== undefined && tensor !== null,
        );
        return gpu.operation(name, given, () => compute(inputs, attrs ?? {}, context));
      },
    });
  }
  return () => {
    for (const {name} of kernels) tf.unregisterKernel(name, backendName);
  };
}
