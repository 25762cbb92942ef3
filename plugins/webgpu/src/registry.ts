import type {Gan} from 'gan/plugin';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';

/** By name, or a list for operations that take any number. */
export type Inputs = NamedTensorInfoMap | readonly TensorInfo[];

/** What a kernel computes with. */
export interface Context {
  backend: WebGPUBackend;
  attrs: NamedAttrMap;
  /** What tfjs-backend-webgpu computes for these inputs, with the attributes of the call or others. */
  stock(inputs: Inputs, attrs?: object): TensorInfo;
}

/** An operation of tfjs, computed by this package. */
export interface Kernel {
  name: string;
  compute(inputs: Inputs, context: Context): TensorInfo;
}

const backendName = 'webgpu';

/** Puts kernels in the place of those that tfjs-backend-webgpu brought. Returns a function that undoes it. */
export function replaceKernels(tf: Gan['tf'], backend: WebGPUBackend, kernels: readonly Kernel[]): () => void {
  const replaced = kernels.map(({name, compute}) => {
    const config = tf.getKernel(name, backendName);
    tf.unregisterKernel(name, backendName);
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({inputs, attrs = {}}) => compute(inputs, {
        backend,
        attrs,
        stock: (others, otherAttrs = attrs) => config.kernelFunc({inputs: others as NamedTensorInfoMap, attrs: otherAttrs as NamedAttrMap, backend}) as TensorInfo,
      }),
    });
    return config;
  });
  return () => {
    for (const config of replaced) {
      tf.unregisterKernel(config.kernelName, backendName);
      tf.registerKernel(config);
    }
  };
}
