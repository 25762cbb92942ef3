/** Registers kernels with tfjs, in place of those that a backend had before. */
import type {KernelBackend, KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import {observeNewKernels} from './kernel-calls.js';
import {tf} from './tf.js';

/** The inputs of a kernel. */
export interface KernelArguments {
  /** Inputs by tfjs's names, or in a list (AddN, Concat, Pack). */
  inputs: NamedTensorInfoMap;
  attrs: NamedAttrMap;
  /** The backend as tfjs knows it. */
  backend: KernelBackend;
  /**
   * Calls the kernel that was registered before, with the same call, or with other inputs and attributes.
   * @throws Error where there was none
   */
  stock(inputs?: NamedTensorInfoMap | readonly TensorInfo[], attrs?: object): TensorInfo | TensorInfo[];
}

/** How one backend computes an operation: of tfjs, of this library, or of a plug-in. */
export interface Kernel {
  /** tfjs's name of the operation: `Conv2D`, `Relu`. */
  name: string;
  compute(call: KernelArguments): TensorInfo | TensorInfo[];
}

/** The kernels that were registered for an operation on a backend, the last one on top, and what tfjs had before. */
interface Stack {
  stock: KernelConfig | undefined;
  kernels: Kernel[];
}

const stacks = new Map<string, Stack>();
const keyOf = (backend: string, name: string): string => `${backend}/${name}`;

/** True if `registerKernels` registered the kernel of an operation. */
export const isRegisteredHere = (backend: string, name: string): boolean => stacks.has(keyOf(backend, name));

/**
 * Registers kernels for a backend. Each takes the place of the kernel that was there, which it can call (`stock`).
 * @param backend the name under which tfjs knows it; it may be opened later
 * @returns a function that takes them back, whatever was registered over them meanwhile; further calls of it do nothing
 */
export function registerKernels(backend: string, kernels: readonly Kernel[]): () => void {
  for (const kernel of kernels) push(backend, kernel);
  observeNewKernels(backend);
  let registered = true;
  return () => {
    if (!registered) return;
    registered = false;
    for (const kernel of kernels) remove(backend, kernel);
    observeNewKernels(backend);
  };
}

function push(backend: string, kernel: Kernel): void {
  const {name} = kernel;
  const key = keyOf(backend, name);
  const known = stacks.get(key);
  if (known) {
    known.kernels.push(kernel);
    return;
  }
  const stock = tf.getKernel(name, backend) as KernelConfig | undefined;
  const stack: Stack = {stock, kernels: [kernel]};
  stacks.set(key, stack);
  if (stock) tf.unregisterKernel(name, backend); // registering over a kernel prints a warning
  tf.registerKernel({
    kernelName: name,
    backendName: backend,
    kernelFunc: ({inputs, attrs = {}, backend: device}) =>
      compute(stack, stack.kernels.length - 1, inputs, attrs, device as KernelBackend),
  });

  function compute(
    {stock, kernels}: Stack,
    level: number,
    inputs: NamedTensorInfoMap,
    attrs: NamedAttrMap,
    device: KernelBackend,
  ): TensorInfo | TensorInfo[] {
    const kernel = kernels[level];
    if (kernel)
      return kernel.compute({
        inputs,
        attrs,
        backend: device,
        stock: (others = inputs, otherAttrs = attrs) =>
          compute(stack, level - 1, others as NamedTensorInfoMap, otherAttrs as NamedAttrMap, device),
      });
    if (!stock) throw new Error(`${name} on ${backend}: these types or shapes are not supported`);
    return stock.kernelFunc({inputs, attrs, backend: device});
  }
}

function remove(backend: string, kernel: Kernel): void {
  const key = keyOf(backend, kernel.name);
  const stack = stacks.get(key)!;
  stack.kernels.splice(stack.kernels.indexOf(kernel), 1);
  if (stack.kernels.length > 0) return;
  stacks.delete(key);
  tf.unregisterKernel(kernel.name, backend);
  if (stack.stock) tf.registerKernel(stack.stock);
}
