import type {NamedAttrMap} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from '../tf.js';

/** True if the current backend has a kernel for a fused operation. */
export function hasFused(name: string): boolean {
  return Boolean(tf.getKernel(name, tf.getBackend()));
}

/** Runs the current backend's kernel for a fused operation, on the gradient tape. */
export function runFused(name: string, inputs: Record<string, Tensor>, attrs: object = {}): Tensor[] {
  return tf.engine().runKernel(name, inputs, attrs as NamedAttrMap) as unknown as Tensor[];
}
