import type {Gan} from 'gankit/plugin';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';

/** Inputs by name, or a list for operations with any number of inputs. */
export type Inputs = NamedTensorInfoMap | readonly TensorInfo[];

/** The context of a kernel. */
export interface Context {
  backend: WebGPUBackend;
  attrs: NamedAttrMap;
  /**
   * Calls the kernel of tfjs-backend-webgpu with these inputs, and with the attributes of the call or others. Throws if
   * it has no such kernel.
   */
  stock(inputs: Inputs, attrs?: object): TensorInfo;
}

/** An operation of tfjs, or a fused one of gan, computed by this package. */
export interface Kernel {
  name: string;
  compute(inputs: Inputs, context: Context): TensorInfo | TensorInfo[];
}

const backendName = 'webgpu';

/** Registers kernels, in the place of those that tfjs-backend-webgpu brought. Returns a function that undoes it. */
export function replaceKernels(tf: Gan['tf'], backend: WebGPUBackend, kernels: readonly Kernel[]): () => void {
  const replaced = kernels.map(({name, compute}) => {
    const config = tf.getKernel(name, backendName) as KernelConfig | undefined;
    if (config) tf.unregisterKernel(name, backendName);
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({inputs, attrs = {}}) =>
        compute(inputs, {
          backend,
          attrs,
          stock(others, otherAttrs = attrs) {
            if (!config) throw new Error(`tfjs-backend-webgpu has no kernel ${name}`);
            return config.kernelFunc({
              inputs: others as NamedTensorInfoMap,
              attrs: otherAttrs as NamedAttrMap,
              backend,
            }) as TensorInfo;
          },
        }),
    });
    return {name, config};
  });
  return () => {
    for (const {name, config} of replaced) {
      tf.unregisterKernel(name, backendName);
      if (config) tf.registerKernel(config);
    }
  };
}
