import type {Gan} from 'gankit/plugin';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Heap} from './heap.js';

export type Tf = Gan['tf'];

/** The context of a kernel. */
export interface Context {
  tf: Tf;
  heap: Heap;
  /** Calls tfjs-backend-wasm's kernel with the same inputs, for cases that our kernel does not handle. */
  stock(): TensorInfo | TensorInfo[];
}

/** An operation of tfjs, computed by this package. */
export interface Kernel {
  name: string;
  compute(inputs: NamedTensorInfoMap, attrs: NamedAttrMap, context: Context): TensorInfo | TensorInfo[];
}

/** A kernel whose inputs and attributes have the types that tfjs-core gives to the operation. */
export function kernel<Inputs, Attrs>(
  name: string,
  compute: (inputs: Record<keyof Inputs, TensorInfo>, attrs: Attrs, context: Context) => TensorInfo | TensorInfo[],
): Kernel {
  return {
    name,
    compute: (inputs, attrs, context) =>
      compute(inputs as Record<keyof Inputs, TensorInfo>, attrs as unknown as Attrs, context),
  };
}

/** True if kernels that tfjs-backend-wasm lacks are registered, that is, between `replaceKernels` and its undoing. */
export function hasKernels(tf: Tf, kernels: readonly Kernel[]): boolean {
  return kernels.every(({name}) => tf.getKernel(name, 'wasm'));
}

/** Puts kernels in the place of those that tfjs-backend-wasm brought. Returns a function that undoes it. */
export function replaceKernels(tf: Tf, heap: Heap, kernels: readonly Kernel[]): () => void {
  const replaced = kernels.map(({name, compute}) => {
    const stock = tf.getKernel(name, 'wasm');
    // Registering over a kernel prints a warning.
    if (stock) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: (call) =>
        compute(call.inputs, call.attrs ?? {}, {
          tf,
          heap,
          stock() {
            if (!stock) throw new Error(`${name} on wasm: these types or shapes are not supported`);
            return stock.kernelFunc(call);
          },
        }),
    });
    return {name, stock};
  });
  return () => {
    for (const {name, stock} of replaced) {
      tf.unregisterKernel(name, 'wasm');
      if (stock) tf.registerKernel(stock);
    }
  };
}
