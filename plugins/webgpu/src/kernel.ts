import type {Gan} from 'gankit/plugin';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Precision} from './findings.js';

/** Inputs by name, or a list for operations with any number of inputs. */
export type Inputs = NamedTensorInfoMap | readonly TensorInfo[];

/** The context of a kernel. */
export interface Context {
  tf: Gan['tf'];
  backend: WebGPUBackend;
  /** How convolutions multiply. */
  precision: Precision;
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

/** Registers kernels, in the place of those that tfjs-backend-webgpu brought. Returns a function that undoes it. */
export function registerKernels(
  {tf, kernels: {register}}: Pick<Gan, 'tf' | 'kernels'>,
  {backend, precision}: Pick<Context, 'backend' | 'precision'>,
  kernels: readonly Kernel[],
): () => void {
  return register(
    'webgpu',
    kernels.map(({name, compute}) => ({
      name,
      compute: ({inputs, attrs, stock}) =>
        compute(inputs, {
          tf,
          backend,
          precision,
          attrs,
          stock: (others, otherAttrs = attrs) => stock(others, otherAttrs) as TensorInfo,
        }),
    })),
  );
}
