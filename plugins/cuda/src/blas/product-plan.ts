import {CudaError} from '../driver/cuda-error.js';
import type {Precision} from '../gpu.js';
import {algorithmBytes, blas, heuristicBytes, type BlasFunctions} from './signatures.js';

/** All that an algorithm depends on. Sizes in elements, alignments in bytes. */
export interface ProductShape {
  m: number;
  n: number;
  k: number;
  batch: number;
  transposedA: boolean;
  transposedB: boolean;
  strideA: number;
  strideB: number;
  alignment: number;
}

/** The arguments of cublasLtMatmul for a shape. */
export interface ProductPlan {
  operation: bigint;
  layoutA: bigint;
  layoutB: bigint;
  layoutC: bigint;
  algorithm: Uint8Array;
  workspaceBytes: number;
}

/** Workspace that an algorithm may want; NVIDIA recommends 32 MiB for Hopper, 4 MiB before. */
const maxWorkspaceBytes = (architecture: number): number => (architecture >= 90 ? 32 : 4) * 2 ** 20;

const computeTypes: Record<Precision, number> = {
  fp32: blas.CUBLAS_COMPUTE_32F,
  tf32: blas.CUBLAS_COMPUTE_32F_FAST_TF32,
  bf16: blas.CUBLAS_COMPUTE_32F_FAST_16BF, // rounds float32 factors itself
};

/**
 * Asks cuBLASLt for the algorithm that it thinks best, the same one each time. Its matrices are stored by columns: a
 * product c = a b by rows is c' = b' a' by columns, so b comes first.
 */
export class ProductPlanner {
  constructor(
    private readonly api: BlasFunctions,
    private readonly handle: bigint,
    private readonly precision: Precision,
    private readonly architecture: number,
  ) {}

  /** @throws CudaError where no algorithm fits */
  plan(shape: ProductShape): ProductPlan {
    const {m, n, k, batch} = shape;
    const operation = this.#operation(shape);
    const layoutA = shape.transposedA
      ? this.#layout(m, k, batch, shape.strideA)
      : this.#layout(k, m, batch, shape.strideA);
    const layoutB = shape.transposedB
      ? this.#layout(k, n, batch, shape.strideB)
      : this.#layout(n, k, batch, shape.strideB);
    const layoutC = this.#layout(n, m, batch, m * n);
    const preference = this.#preference(shape.alignment);
    const result = new Uint8Array(heuristicBytes);
    const count = new Int32Array(1);
    this.#check(
      'cublasLtMatmulAlgoGetHeuristic',
      this.api.cublasLtMatmulAlgoGetHeuristic(
        this.handle,
        operation,
        layoutB,
        layoutA,
        layoutC,
        layoutC,
        preference,
        1,
        result,
        count,
      ),
    );
    this.#check('cublasLtMatmulPreferenceDestroy', this.api.cublasLtMatmulPreferenceDestroy(preference));
    if (count[0] === 0)
      throw new CudaError(
        'cublasLtMatmulAlgoGetHeuristic',
        0,
        `no algorithm for [${batch},${m},${k}] times [${batch},${k},${n}]`,
        'cuBLASLt',
      );
    const workspaceBytes = Number(new DataView(result.buffer).getBigUint64(algorithmBytes, true));
    return {operation, layoutA, layoutB, layoutC, algorithm: result.slice(0, algorithmBytes), workspaceBytes};
  }

  destroy({operation, layoutA, layoutB, layoutC}: ProductPlan): void {
    this.api.cublasLtMatmulDescDestroy(operation);
    for (const layout of [layoutA, layoutB, layoutC]) this.api.cublasLtMatrixLayoutDestroy(layout);
  }

  #operation({transposedA, transposedB}: ProductShape): bigint {
    const operation = this.#make('cublasLtMatmulDescCreate', (at) =>
      this.api.cublasLtMatmulDescCreate(at, computeTypes[this.precision], blas.CUDA_R_32F),
    );
    const set = (attribute: number, transposed: boolean) => {
      const value = Int32Array.of(transposed ? blas.CUBLAS_OP_T : blas.CUBLAS_OP_N);
      this.#check(
        'cublasLtMatmulDescSetAttribute',
        this.api.cublasLtMatmulDescSetAttribute(operation, attribute, value, BigInt(value.byteLength)),
      );
    };
    set(blas.CUBLASLT_MATMUL_DESC_TRANSA, transposedB);
    set(blas.CUBLASLT_MATMUL_DESC_TRANSB, transposedA);
    return operation;
  }

  /** A dense matrix by columns. */
  #layout(rows: number, columns: number, batch: number, stride: number): bigint {
    const layout = this.#make('cublasLtMatrixLayoutCreate', (at) =>
      this.api.cublasLtMatrixLayoutCreate(at, blas.CUDA_R_32F, BigInt(rows), BigInt(columns), BigInt(rows)),
    );
    if (batch > 1) {
      const [count, offset] = [Int32Array.of(batch), BigInt64Array.of(BigInt(stride))];
      const set = this.api.cublasLtMatrixLayoutSetAttribute;
      this.#check(
        'cublasLtMatrixLayoutSetAttribute',
        set(layout, blas.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, count, BigInt(count.byteLength)),
      );
      this.#check(
        'cublasLtMatrixLayoutSetAttribute',
        set(layout, blas.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, offset, BigInt(offset.byteLength)),
      );
    }
    return layout;
  }

  #preference(alignment: number): bigint {
    const preference = this.#make('cublasLtMatmulPreferenceCreate', (at) =>
      this.api.cublasLtMatmulPreferenceCreate(at),
    );
    const set = (attribute: number, value: ArrayBufferView) =>
      this.#check(
        'cublasLtMatmulPreferenceSetAttribute',
        this.api.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, BigInt(value.byteLength)),
      );
    set(blas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, BigUint64Array.of(BigInt(maxWorkspaceBytes(this.architecture))));
    for (const operand of ['A', 'B', 'C', 'D'] as const)
      set(blas[`CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_${operand}_BYTES`], Uint32Array.of(alignment));
    return preference;
  }

  #make(call: string, run: (at: BigUint64Array) => number): bigint {
    const at = new BigUint64Array(1);
    this.#check(call, run(at));
    return at[0]!;
  }

  #check(call: string, code: number): void {
    if (code !== blas.CUBLAS_STATUS_SUCCESS)
      throw new CudaError(call, code, this.api.cublasLtGetStatusString(code), 'cuBLASLt');
  }
}
