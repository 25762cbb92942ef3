/** Pixel bytes on their way to the device, where a backend has the kernel `BytesToFloat`: a quarter of the memory to carry. */
import type {Tensor} from '../tf.js';
import {hasFused, runFused} from './kernel.js';

export interface BytesToFloatAttrs {
  /** Bytes on the host. The kernel no longer uses them when it returns. */
  bytes: Uint8Array;
  /** Shape of the result; its last axis are the channels. */
  shape: number[];
  /** The number for byte v in channel c, at [v * channels + c]; it stays the same array, so that its upload can be kept. */
  table: Float32Array;
}

export const hasBytesToFloat = (): boolean => hasFused('BytesToFloat');

/** @returns [...shape], float32: the table's number for each byte, exactly */
export function bytesToFloat(attrs: BytesToFloatAttrs): Tensor {
  return runFused('BytesToFloat', {}, attrs) as unknown as Tensor;
}
