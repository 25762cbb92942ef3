/**
 * Pixel bytes on their way to the device, where a backend has the kernel `BytesToFloat`: a quarter of the memory to
 * carry.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export interface BytesToFloatAttrs {
  /** Bytes on the host. The kernel no longer uses them when it returns. */
  bytes: Uint8Array;
  /** Shape of the result; its last axis are the channels. */
  shape: number[];
  /**
   * The number for byte v in channel c, at [v * channels + c]; it stays the same array, so that its upload can be kept.
   */
  table: Float32Array;
}

const operation = defineOperation({
  name: 'BytesToFloat',
  reference(_: Record<string, Tensor>, {bytes, shape, table}: BytesToFloatAttrs): Tensor {
    const channels = table.length / 256;
    return tf.tensor(
      Float32Array.from(bytes, (byte, i) => table[byte * channels + (i % channels)]!),
      shape,
      'float32',
    );
  },
});

export const hasBytesToFloat = (): boolean => operation.hasKernel();

/** @returns [...shape], float32: the table's number for each byte, exactly */
export const bytesToFloat = (attrs: BytesToFloatAttrs): Tensor => operation({}, attrs);
