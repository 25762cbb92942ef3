import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {backend_util, Conv2DAttrs, TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, workgroupsFor, type Uniforms} from '../dispatch.js';
import type {Context, Kernel} from '../kernel.js';
import {largest, maxima, product, tiles, type Kind} from './conv-shaders.js';
import {total} from './grouped-conv-shaders.js';

/** Workgroups that keep a GPU busy. */
const enoughGroups = 256;
/** Tiles along a sum that are worth a workgroup of their own. */
const leastTiles = 8;
/** Numbers that the parts of split sums may take. */
const mostPartials = 2 ** 23;

type Shape4D = [number, number, number, number];
type Attrs = Omit<Conv2DAttrs, 'dilations'> & {dilations?: Conv2DAttrs['dilations']};

/** Sizes of a convolution; undefined where images do not lie as NHWC. */
function sizesOf(
  {tf}: Context,
  x: number[],
  filter: number[],
  {strides, pad, dimRoundingMode, dilations = 1, dataFormat}: Attrs,
): backend_util.Conv2DInfo | undefined {
  if (dataFormat === 'NCHW') return undefined;
  return tf.backend_util.computeConv2DInfo(x as Shape4D, filter as Shape4D, strides, dilations, pad, dimRoundingMode);
}

/** The largest magnitudes of a tensor, for its scale in float16. */
function maximaOf(backend: WebGPUBackend, x: TensorInfo, element: 'f32' | 'vec4f'): TensorInfo {
  const width = element === 'vec4f' ? 4 : 1;
  const y = backend.makeTensorInfo([maxima * width], 'float32');
  dispatch(backend, largest(element), {
    reads: [x],
    writes: [y],
    uniforms: {count: int(sizeOf(x.shape) / width)},
    workgroups: [maxima, 1],
  });
  return y;
}

/** The product of that kind; undefined where it has more tiles than the device has workgroups. */
function compute(
  {backend, precision}: Context,
  kind: Kind,
  conv: backend_util.Conv2DInfo,
  [a, b]: [TensorInfo, TensorInfo],
  shape: number[],
): TensorInfo | undefined {
  const {batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth} = conv;
  const {strideHeight, strideWidth} = conv;
  const taps = filterHeight * filterWidth;
  const outPixels = batchSize * outHeight * outWidth;
  const phases = kind === 'inputGradient' ? strideHeight * strideWidth : 1;
  /** Rows, numbers in a sum and columns, of the largest phase. */
  const [rows, inner, columns] = {
    forward: [outPixels, taps * inChannels, outChannels] as const,
    inputGradient: [
      batchSize * Math.ceil(inHeight / strideHeight) * Math.ceil(inWidth / strideWidth),
      Math.ceil(filterHeight / strideHeight) * Math.ceil(filterWidth / strideWidth) * outChannels,
      inChannels,
    ] as const,
    filterGradient: [taps * inChannels, outPixels, outChannels] as const,
  }[kind];
  const name = columns <= tiles.narrow.columns ? 'narrow' : 'wide';
  const tile = tiles[name];
  const [across, down] = [Math.ceil(rows / tile.rows), Math.ceil(columns / tile.columns)];
  if (Math.max(across, down) > backend.device.limits.maxComputeWorkgroupsPerDimension) return undefined;
  const innerTiles = Math.max(1, Math.ceil(inner / tile.inner));
  const size = sizeOf(shape);
  const wanted = Math.min(enoughGroups / (across * down * phases), innerTiles / leastTiles, mostPartials / size);
  const splitTiles = Math.ceil(innerTiles / Math.max(1, Math.floor(wanted)));
  const splits = Math.ceil(innerTiles / splitTiles);
  const element = inChannels % 4 === 0 && outChannels % 4 === 0 ? 'vec4f' : 'f32';
  const uniforms: Uniforms = {
    rows: int(kind === 'inputGradient' ? batchSize * inHeight * inWidth : rows),
    inner: int(inner),
    columns: int(columns),
    phases: int(phases),
    splitTiles: int(splitTiles),
    size: int(size),
    inHeight: int(inHeight),
    inWidth: int(inWidth),
    inChannels: int(inChannels),
    outHeight: int(outHeight),
    outWidth: int(outWidth),
    outChannels: int(outChannels),
    filterHeight: int(filterHeight),
    filterWidth: int(filterWidth),
    strideHeight: int(strideHeight),
    strideWidth: int(strideWidth),
    dilationHeight: int(conv.dilationHeight),
    dilationWidth: int(conv.dilationWidth),
    top: int(conv.padInfo.top),
    left: int(conv.padInfo.left),
  };
  const scales = precision === 'fp16' ? [maximaOf(backend, a, element), maximaOf(backend, b, element)] : [];
  const result = backend.makeTensorInfo(shape, 'float32');
  const partial = splits === 1 ? result : backend.makeTensorInfo([splits, size], 'float32');
  dispatch(backend, product(kind, element, name, precision), {
    reads: [a, b, ...scales],
    writes: [partial],
    uniforms,
    workgroups: [across, down, phases * splits],
  });
  for (const {dataId} of scales) backend.disposeData(dataId);
  if (splits === 1) return result;
  const sums = total(element);
  const count = size / (element === 'vec4f' ? 4 : 1);
  dispatch(backend, sums, {
    reads: [partial],
    writes: [result],
    uniforms: {count: int(count), blocks: int(splits)},
    workgroups: workgroupsFor(count, backend),
  });
  backend.disposeData(partial.dataId);
  return result;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((all, n) => all * n, 1);

/** A kernel by `make`, or where that has none by tfjs. */
const kernel = (
  name: string,
  make: (inputs: Record<string, TensorInfo>, context: Context) => TensorInfo | undefined,
): Kernel => ({
  name,
  compute(inputs, context) {
    const named = inputs as Record<string, TensorInfo>;
    return make(named, context) ?? context.stock(inputs);
  },
});

/** Convolution and its gradients (Conv2D and so on of tfjs). */
export const convKernels: readonly Kernel[] = [
  kernel('Conv2D', ({x, filter}, context) => {
    const conv = sizesOf(context, x!.shape, filter!.shape, context.attrs as unknown as Attrs);
    return conv && compute(context, 'forward', conv, [x!, filter!], conv.outShape);
  }),
  kernel('Conv2DBackpropInput', ({dy, filter}, context) => {
    const attrs = context.attrs as unknown as Attrs & {inputShape: number[]};
    const conv = sizesOf(context, attrs.inputShape, filter!.shape, attrs);
    return conv && compute(context, 'inputGradient', conv, [dy!, filter!], attrs.inputShape);
  }),
  kernel('Conv2DBackpropFilter', ({x, dy}, context) => {
    const attrs = context.attrs as unknown as Attrs & {filterShape: number[]};
    const conv = sizesOf(context, x!.shape, attrs.filterShape, attrs);
    return conv && compute(context, 'filterGradient', conv, [x!, dy!], attrs.filterShape);
  }),
];
