import type {Gan} from 'gankit/plugin';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Heap} from './heap.js';

export type Tf = Gan['tf'];
/** The parts of the plug-in API that are used. */
export type Api = Pick<Gan, 'tf' | 'GanError' | 'kernels'>;

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

/**
 * Whether kernels that tfjs-backend-wasm does not bring are registered, as they are between `registerKernels` and its
 * undoing.
 */
export function hasKernels(tf: Tf, kernels: readonly Kernel[]): boolean {
  return kernels.every(({name}) => tf.getKernel(name, 'wasm'));
}

/** Puts kernels in the place of those that tfjs-backend-wasm brought. Returns a function that undoes it. */
export function registerKernels({tf, kernels: {register}}: Api, heap: Heap, kernels: readonly Kernel[]): () => void {
  return register(
    'wasm',
    kernels.map(({name, compute}) => ({
      name,
      compute: ({inputs, attrs, stock}) => compute(inputs, attrs, {tf, heap, stock}),
    })),
  );
}
