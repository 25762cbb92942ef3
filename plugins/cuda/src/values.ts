import type {BackendValues, DataType, TypedArray} from '@tensorflow/tfjs-core';
import type {GpuDtype} from './gpu.js';

export const bytesPerElement: Record<GpuDtype, number> = {float32: 4, int32: 4, bool: 1};

export const isGpuDtype = (dtype: DataType): dtype is GpuDtype => dtype in bytesPerElement;

/** Values as they lie on the device: the array itself where it has the right type. */
export function typed(values: BackendValues, dtype: GpuDtype): TypedArray {
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
    case 'int32':
      return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
    case 'bool':
      return values instanceof Uint8Array ? values : Uint8Array.from(values as ArrayLike<number>);
  }
}

export const bytesOf = ({buffer, byteOffset, byteLength}: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A copy of bytes as values of that type. */
export function fromBytes(bytes: Uint8Array, dtype: GpuDtype): Float32Array | Int32Array | Uint8Array {
  const {buffer} = bytes.slice();
  return dtype === 'float32'
    ? new Float32Array(buffer)
    : dtype === 'int32'
      ? new Int32Array(buffer)
      : new Uint8Array(buffer);
}
