import type {KernelArg} from '../gpu.js';

/** An address. */
export const pointer = ({address}: {address: bigint}): KernelArg => ({type: 'pointer', value: address});
/** A whole number of 64 bits (i64), not negative. */
export const long = (value: number): KernelArg => ({type: 'u64', value: BigInt(value)});
export const int = (value: number): KernelArg => ({type: 'i32', value});
export const float = (value: number): KernelArg => ({type: 'f32', value});

/** A struct whose fields are all i64. */
export function longs(...fields: (number | bigint)[]): KernelArg {
  const bytes = new Uint8Array(BigInt64Array.from(fields, BigInt).buffer);
  return {type: 'struct', bytes};
}
