/**
 * How the numbers of a float32 tensor lie: as they are, or in bfloat16, which is the upper half of float32. Kernels
 * that know bfloat16 take them as they lie; others get a copy in float32.
 */
export type Element = 'float' | 'bf16';

/**
 * A matrix [rows, columns] that lies by columns. Filters [height, width, in, out] lie so, as [out, height, width, in],
 * where cuDNN and optimisers are all that sees them.
 */
export interface Turned {
  rows: number;
  columns: number;
}

/** Numbers and how they lie. */
export interface Data {
  address: bigint;
  type: Element;
}
