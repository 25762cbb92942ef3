import type {Gan} from 'gankit/plugin';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Heap} from './heap.js';

export type Tf = Gan['tf'];
/** What is used of the plug-in API. */
export type Api = Pick<Gan, 'tf' | 'GanError' | 'kernels'>;

/** What a kernel computes with. */
export interface Context {
  tf: Tf;
  heap: Heap;
  /** What tfjs-backend-wasm computes for the same call, for the cases that a kernel leaves to it. */
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

/** Whether kernels that tfjs-backend-wasm does not bring are registered, as they are between `registerKernels` and its undoing. */
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
