import type {Bound} from '../native/signatures.js';

/** The functions of cuBLASLt that are used; the same in CUDA 12 and 13. */
export const blasSignatures = {
  cublasLtGetStatusString: ['text', 'int'],
  cublasLtGetVersion: ['u64'],
  cublasLtCreate: ['int', 'pointer'],
  cublasLtDestroy: ['int', 'u64'],
  cublasLtMatmulDescCreate: ['int', 'pointer', 'int', 'int'],
  cublasLtMatmulDescSetAttribute: ['int', 'u64', 'int', 'pointer', 'u64'],
  cublasLtMatmulDescDestroy: ['int', 'u64'],
  cublasLtMatrixLayoutCreate: ['int', 'pointer', 'int', 'u64', 'u64', 'u64'],
  cublasLtMatrixLayoutSetAttribute: ['int', 'u64', 'int', 'pointer', 'u64'],
  cublasLtMatrixLayoutDestroy: ['int', 'u64'],
  cublasLtMatmulPreferenceCreate: ['int', 'pointer'],
  cublasLtMatmulPreferenceSetAttribute: ['int', 'u64', 'int', 'pointer', 'u64'],
  cublasLtMatmulPreferenceDestroy: ['int', 'u64'],
  cublasLtMatmulAlgoGetHeuristic: ['int', 'u64', 'u64', 'u64', 'u64', 'u64', 'u64', 'u64', 'int', 'pointer', 'pointer'],
  cublasLtMatmul: [
    'int',
    'u64',
    'u64',
    'pointer',
    'u64',
    'u64',
    'u64',
    'u64',
    'pointer',
    'u64',
    'u64',
    'u64',
    'u64',
    'pointer',
    'u64',
    'u64',
    'u64',
  ],
} as const;

export type BlasFunctions = Bound<typeof blasSignatures>;

/** Values of cublasLt.h, cublas_api.h and library_types.h. */
export const blas = {
  CUBLAS_STATUS_SUCCESS: 0,
  CUBLAS_STATUS_ALLOC_FAILED: 3,
  CUBLAS_COMPUTE_32F: 68,
  CUBLAS_COMPUTE_32F_FAST_16BF: 75,
  CUBLAS_COMPUTE_32F_FAST_TF32: 77,
  CUBLAS_OP_N: 0,
  CUBLAS_OP_T: 1,
  CUDA_R_32F: 0,
  CUBLASLT_MATMUL_DESC_TRANSA: 3,
  CUBLASLT_MATMUL_DESC_TRANSB: 4,
  CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: 5,
  CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: 6,
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: 1,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES: 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES: 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES: 8,
} as const;

/**
 * Size of cublasLtMatmulHeuristicResult_t; it begins with the algorithm (64 bytes) and the workspace that it wants
 * (size_t).
 */
export const heuristicBytes = 96;
export const algorithmBytes = 64;
