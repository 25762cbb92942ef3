/**
 * Observes kernel calls where tfjs looks its kernels up: for captured steps, traced networks, the shapes of `gan bench`
 * and the kernel log.
 */
import type {KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import {tf} from './tf.js';

/** A call of a kernel that has returned. */
export interface KernelCall {
  /** tfjs's name: Conv2D, Relu, ... */
  kernel: string;
  /** Inputs by tfjs's names, or in a list (AddN, Concat, Pack). In calls from tfjs operations, these are tensors. */
  inputs: NamedTensorInfoMap;
  attrs: NamedAttrMap | undefined;
  outputs: readonly TensorInfo[];
  /** Time until the kernel returned. On devices with a queue, this is the time to submit the work. */
  ms: number;
}

export type KernelObserver = (call: KernelCall) => void;

interface Patch {
  observers: Set<{observe: KernelObserver}>;
  /** The functions of the kernels as they were. */
  originals: Map<KernelConfig, KernelConfig['kernelFunc']>;
}

/** Keyed by the names of backends. */
const patches = new Map<string, Patch>();

/** Kernels that are running: those that a kernel calls belong to it. */
let depth = 0;

/** True while a kernel of an observed backend is running. */
export const isInKernel = (): boolean => depth > 0;

/**
 * Calls `observe` for every outermost kernel call of the current backend, whoever makes it. Several observers may exist
 * at once, and end in any order. A kernel that throws is not reported.
 * @returns a function that ends it; further calls of it do nothing
 */
export function observeKernels(observe: KernelObserver): () => void {
  const backend = tf.getBackend();
  const patch: Patch = patches.get(backend) ?? {observers: new Set(), originals: new Map()};
  const entry = {observe};
  patch.observers.add(entry);
  patches.set(backend, patch);
  observeNewKernels(backend);
  return () => {
    if (!patch.observers.delete(entry) || patch.observers.size > 0) return;
    for (const [config, kernelFunc] of patch.originals) config.kernelFunc = kernelFunc;
    patches.delete(backend);
  };
}

/** Must be called after kernels were registered, so that observers of the backend see these kernels too. */
export function observeNewKernels(backend: string): void {
  const patch = patches.get(backend);
  if (!patch) return;
  const {observers, originals} = patch;
  for (const config of tf.getKernelsForBackend(backend)) {
    if (originals.has(config)) continue;
    const {kernelName, kernelFunc} = config;
    originals.set(config, kernelFunc);
    config.kernelFunc = (call) => {
      if (depth > 0) return kernelFunc(call);
      depth++;
      const started = performance.now();
      let result: TensorInfo | TensorInfo[];
      try {
        result = kernelFunc(call);
      } finally {
        depth--;
      }
      const {inputs, attrs} = call;
      // a copy, since the caller may change the list
      const outputs = Array.isArray(result) ? [...result] : [result];
      const observed = {kernel: kernelName, inputs, attrs, outputs, ms: performance.now() - started};
      for (const {observe} of observers) observe(observed);
      return result;
    };
  }
}
