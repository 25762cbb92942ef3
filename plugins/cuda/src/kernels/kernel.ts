import type {Gan} from 'gankit/plugin';
import type {NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Element, Gpu, GpuDtype, Turned} from '../gpu.js';

export type Tf = Gan['tf'];

/** The context of a kernel. */
export interface Context {
  tf: Tf;
  gpu: Gpu;
}

/** An operation of tfjs, computed on the GPU. */
export interface Kernel {
  name: string;
  compute(inputs: NamedTensorInfoMap, attrs: NamedAttrMap, context: Context): TensorInfo | TensorInfo[];
}

/** A kernel whose inputs and attributes have the types that tfjs-core gives to the operation. */
export function kernel<Inputs, Attrs = object>(
  name: string,
  compute: (inputs: Record<keyof Inputs, TensorInfo>, attrs: Attrs, context: Context) => TensorInfo | TensorInfo[],
): Kernel {
  return {
    name,
    compute: (inputs, attrs, context) =>
      compute(inputs as Record<keyof Inputs, TensorInfo>, attrs as unknown as Attrs, context),
  };
}

/** Numbers on the device: a tensor in float32, or scratch memory for a step in between. */
export interface View {
  address: bigint;
  shape: readonly number[];
  dtype: GpuDtype;
}

export const bytesOf = (dtype: GpuDtype): number => (dtype === 'bool' ? 1 : 4);
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/**
 * A tensor as a view. Strings and complex numbers are for the host.
 * @param element how its kernel wants the numbers of a float32 tensor; default 'float'
 * @param turned their order, where it is not that of tfjs
 */
export function view(gpu: Gpu, tensor: TensorInfo, element?: Element, turned?: Turned): View {
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32' && tensor.dtype !== 'bool')
    throw new Error(`cuda: tensors of the type ${tensor.dtype} are not supported; use float32, int32 or bool`);
  return {address: gpu.address(tensor, element, turned), shape: tensor.shape, dtype: tensor.dtype};
}

/** Memory for a result, and the result. */
export interface Result extends View {
  info: TensorInfo;
}

/** See `Gpu.output`. */
export function result(
  gpu: Gpu,
  shape: readonly number[],
  dtype: GpuDtype,
  element?: Element,
  turned?: Turned,
): Result {
  const {info, address} = gpu.output([...shape], dtype, element, turned);
  return {info, address, shape, dtype};
}

/** Memory for a step in between, until the end of the operation. */
export function scratch(gpu: Gpu, shape: readonly number[], dtype: GpuDtype): View {
  return {address: gpu.scratch(sizeOf(shape) * bytesOf(dtype)), shape, dtype};
}
