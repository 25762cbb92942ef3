import type {NamedAttrMap, NamedTensorMap} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from '../tf.js';

/** Whether the current backend has a kernel for a fused operation. */
export function hasFused(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) != null;
}

/** Runs the current backend's kernel for a fused operation, on the gradient tape. */
export function runFused(name: string, inputs: Record<string, Tensor>, attrs: object = {}): Tensor[] {
  return tf.engine().runKernel(name, inputs as NamedTensorMap, attrs as NamedAttrMap) as unknown as Tensor[];
}
