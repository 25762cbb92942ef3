import {CudaError} from '../driver/cuda-error.js';
import type {Precision} from '../gpu.js';
import {dnn, type Direction, type DnnFunctions} from './signatures.js';
import type {Convolution} from './types.js';

/** cuDNN's descriptors of one kind of a convolution: of its two operands, itself, its result. */
export interface Descriptors {
  first: bigint;
  second: bigint;
  convolution: bigint;
  result: bigint;
  destroy(): void;
}

/** cuDNN takes the same number of zeros on both sides only; others are put around the image before. */
export const paddingIsEven = ({padInfo: {top, bottom, left, right}}: Convolution): boolean =>
  top === bottom && left === right;

export function checkDnn(api: DnnFunctions, call: string, code: number): void {
  if (code !== dnn.CUDNN_STATUS_SUCCESS)
    throw new CudaError(
      call,
      code,
      [api.cudnnGetErrorString(code), details(api)].filter((text) => text !== '').join(': '),
      'cuDNN',
    );
}

/** Details of the last failure. */
function details(api: DnnFunctions): string {
  const text = Buffer.alloc(1024);
  api.cudnnGetLastErrorString?.(text, BigInt(text.length));
  return text.subarray(0, text.indexOf(0)).toString().trim().replaceAll(/\s+/g, ' ');
}

/** The order of axes: images and filters [out, height, width, in / groups], or [out, in / groups, height, width]. */
export type Layout = 'NHWC' | 'NCHW';

/** Describes a convolution with even padding. */
export function describeConvolution(
  api: DnnFunctions,
  conv: Convolution,
  direction: Direction,
  precision: Precision,
  layout: Layout,
): Descriptors {
  const type = precision === 'bf16' ? dnn.CUDNN_DATA_BFLOAT16 : dnn.CUDNN_DATA_FLOAT;
  const format = dnn[`CUDNN_TENSOR_${layout}`];
  const made: (() => void)[] = [];
  const make = (
    call: string,
    create: (at: BigUint64Array) => number,
    destroy: (descriptor: bigint) => number,
  ): bigint => {
    const at = new BigUint64Array(1);
    checkDnn(api, call, create(at));
    made.push(() => destroy(at[0]!));
    return at[0]!;
  };
  const tensor = (n: number, h: number, w: number, c: number): bigint => {
    const descriptor = make(
      'cudnnCreateTensorDescriptor',
      api.cudnnCreateTensorDescriptor,
      api.cudnnDestroyTensorDescriptor,
    );
    checkDnn(api, 'cudnnSetTensor4dDescriptor', api.cudnnSetTensor4dDescriptor(descriptor, format, type, n, c, h, w));
    return descriptor;
  };
  const x = tensor(conv.batchSize, conv.inHeight, conv.inWidth, conv.inChannels);
  const y = tensor(conv.batchSize, conv.outHeight, conv.outWidth, conv.outChannels);
  const filter = make('cudnnCreateFilterDescriptor', api.cudnnCreateFilterDescriptor, api.cudnnDestroyFilterDescriptor);
  checkDnn(
    api,
    'cudnnSetFilter4dDescriptor',
    api.cudnnSetFilter4dDescriptor(
      filter,
      type,
      format,
      conv.outChannels,
      conv.inChannels / conv.groups,
      conv.filterHeight,
      conv.filterWidth,
    ),
  );
  const convolution = make(
    'cudnnCreateConvolutionDescriptor',
    api.cudnnCreateConvolutionDescriptor,
    api.cudnnDestroyConvolutionDescriptor,
  );
  checkDnn(
    api,
    'cudnnSetConvolution2dDescriptor',
    api.cudnnSetConvolution2dDescriptor(
      convolution,
      conv.padInfo.top,
      conv.padInfo.left,
      conv.strideHeight,
      conv.strideWidth,
      conv.dilationHeight,
      conv.dilationWidth,
      dnn.CUDNN_CROSS_CORRELATION,
      dnn.CUDNN_DATA_FLOAT, // sums are float32
    ),
  );
  checkDnn(api, 'cudnnSetConvolutionGroupCount', api.cudnnSetConvolutionGroupCount(convolution, conv.groups));
  const roles = {forward: [x, filter, y], dataGradient: [filter, y, x], filterGradient: [x, y, filter]} as const;
  const [first, second, result] = roles[direction];
  return {first, second, convolution, result, destroy: () => made.forEach((destroy) => destroy())};
}
