import type {Bound, Signature} from '../native/signatures.js';

// The three kinds of a convolution take their parts in the same order: two operands, the convolution, the result.
/**
 * handle, descriptor and address of two operands, convolution, of the result, requested, returned, results, workspace,
 * its bytes
 */
const search = [
  'int',
  'u64',
  'u64',
  'u64',
  'u64',
  'u64',
  'u64',
  'u64',
  'u64',
  'int',
  'pointer',
  'pointer',
  'u64',
  'u64',
] as const satisfies Signature;
/** handle, descriptors of two operands, convolution, of the result, requested, returned, results */
const heuristics = ['int', 'u64', 'u64', 'u64', 'u64', 'u64', 'int', 'pointer', 'pointer'] as const satisfies Signature;
/**
 * handle, alpha, descriptor and address of two operands, convolution, algorithm, workspace, its bytes, beta, of the
 * result
 */
const convolution = [
  'int',
  'u64',
  'pointer',
  'u64',
  'u64',
  'u64',
  'u64',
  'u64',
  'int',
  'u64',
  'u64',
  'pointer',
  'u64',
  'u64',
] as const satisfies Signature;

/** What is used of cuDNN: its interface of descriptors, which versions 8 and 9 have alike. */
export const dnnSignatures = {
  cudnnGetVersion: ['u64'],
  cudnnGetCudartVersion: ['u64'],
  cudnnGetErrorString: ['text', 'int'],
  cudnnCreate: ['int', 'pointer'],
  cudnnDestroy: ['int', 'u64'],
  cudnnSetStream: ['int', 'u64', 'u64'],
  cudnnCreateTensorDescriptor: ['int', 'pointer'],
  cudnnSetTensor4dDescriptor: ['int', 'u64', 'int', 'int', 'int', 'int', 'int', 'int'],
  cudnnDestroyTensorDescriptor: ['int', 'u64'],
  cudnnCreateFilterDescriptor: ['int', 'pointer'],
  cudnnSetFilter4dDescriptor: ['int', 'u64', 'int', 'int', 'int', 'int', 'int', 'int'],
  cudnnDestroyFilterDescriptor: ['int', 'u64'],
  cudnnCreateConvolutionDescriptor: ['int', 'pointer'],
  cudnnSetConvolution2dDescriptor: ['int', 'u64', 'int', 'int', 'int', 'int', 'int', 'int', 'int', 'int'],
  cudnnSetConvolutionGroupCount: ['int', 'u64', 'int'],
  cudnnSetConvolutionMathType: ['int', 'u64', 'int'],
  cudnnDestroyConvolutionDescriptor: ['int', 'u64'],
  cudnnFindConvolutionForwardAlgorithmEx: search,
  cudnnFindConvolutionBackwardDataAlgorithmEx: search,
  cudnnFindConvolutionBackwardFilterAlgorithmEx: search,
  cudnnGetConvolutionForwardAlgorithm_v7: heuristics,
  cudnnGetConvolutionBackwardDataAlgorithm_v7: heuristics,
  cudnnGetConvolutionBackwardFilterAlgorithm_v7: heuristics,
  cudnnConvolutionForward: convolution,
  cudnnConvolutionBackwardData: convolution,
  cudnnConvolutionBackwardFilter: convolution,
} as const;

/** Of version 9 on: what a failure is about, in a sentence or two. */
export const dnnDetails = {cudnnGetLastErrorString: ['void', 'pointer', 'u64']} as const;

export type DnnFunctions = Bound<typeof dnnSignatures> & Partial<Bound<typeof dnnDetails>>;

/** Values of cudnn.h, the same in versions 8 and 9; of those that begin with CUDNN_STATUS_INTERNAL only 9 has any. */
export const dnn = {
  CUDNN_STATUS_SUCCESS: 0,
  CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED: 4004,
  CUDNN_DATA_FLOAT: 0,
  CUDNN_DATA_BFLOAT16: 9,
  CUDNN_TENSOR_NCHW: 0,
  CUDNN_TENSOR_NHWC: 1,
  CUDNN_CROSS_CORRELATION: 1,
  CUDNN_DETERMINISTIC: 1,
  CUDNN_DEFAULT_MATH: 0,
  CUDNN_TENSOR_OP_MATH: 1,
  CUDNN_FMA_MATH: 3,
} as const;

/**
 * Whether a search says that cuDNN has nothing for a shape: it, the card, or a layout with a type is not supported.
 * CUDNN_STATUS_NOT_SUPPORTED, _ARCH_MISMATCH and _BAD_PARAM of version 8; a thousand numbers each of version 9.
 */
export const isUnsupported = (status: number): boolean =>
  [9, 6, 3].includes(status) || [2, 3].includes(Math.floor(status / 1000));

/**
 * Layout of cudnnConvolution*AlgoPerf_t: algo, status, time (float, ms) at 0, 4, 8; memory (size_t) at 16; determinism,
 * mathType at 24, 28.
 */
export const perfBytes = 48;

/** The kinds of a convolution. */
export type Direction = 'forward' | 'dataGradient' | 'filterGradient';

/** The functions of a kind. */
export const functionsOf = {
  forward: {
    run: 'cudnnConvolutionForward',
    search: 'cudnnFindConvolutionForwardAlgorithmEx',
    heuristics: 'cudnnGetConvolutionForwardAlgorithm_v7',
  },
  dataGradient: {
    run: 'cudnnConvolutionBackwardData',
    search: 'cudnnFindConvolutionBackwardDataAlgorithmEx',
    heuristics: 'cudnnGetConvolutionBackwardDataAlgorithm_v7',
  },
  filterGradient: {
    run: 'cudnnConvolutionBackwardFilter',
    search: 'cudnnFindConvolutionBackwardFilterAlgorithmEx',
    heuristics: 'cudnnGetConvolutionBackwardFilterAlgorithm_v7',
  },
} as const satisfies Record<Direction, Record<'run' | 'search' | 'heuristics', keyof DnnFunctions>>;
