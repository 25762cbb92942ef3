/** A float32 matrix of a product, or a batch of them, stored by rows. */
export interface Matrix {
  address: bigint;
  /** Stored as [columns, rows] of what the product takes. Default false. */
  transposed?: boolean;
  /** Elements from one matrix of the batch to the next; 0: all use the same. Default: they lie one after the other. */
  batchStride?: number;
}

/** c [batch, m, n] = a [batch, m, k] times b [batch, k, n]. */
export interface Product {
  m: number;
  n: number;
  k: number;
  /** Default 1. */
  batch?: number;
  a: Matrix;
  b: Matrix;
  /** Address of the result, dense. */
  c: bigint;
}

/** Matrix products (cuBLASLt), in the precision of the device. */
export interface Blas {
  matmul(product: Product): void;
}
