/**
 * Convolutions and matrix products for tfjs-backend-cpu, the reference of these tests, in loops over typed arrays: the
 * same sums in float64, twenty times as fast as its own. `fast-cpu.test.ts` compares the two.
 */
import '@tensorflow/tfjs-backend-cpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Kernel} from '../../../dist/backends/kernels.js';
import {tf} from '../../../dist/backends/tf.js';

interface Cpu {
  readSync(id: object): Float32Array;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}
interface ConvAttrs {
  strides: [number, number] | number;
  pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  dataFormat: string;
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  filterShape?: [number, number, number, number];
  inputShape?: [number, number, number, number];
}
type Shape4D = [number, number, number, number];
type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** Calls `visit` with the offsets in x, filter and y of the channels of every pair of places that belong together. */
function eachTap(info: Info, visit: (x: number, filter: number, y: number) => void): void {
  const {batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo} = info;
  for (let b = 0; b < batchSize; b++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        const y = ((b * outHeight + oy) * outWidth + ox) * outChannels;
        for (let ky = 0; ky < info.filterHeight; ky++) {
          const iy = oy * info.strideHeight - padInfo.top + ky * info.dilationHeight;
          if (iy < 0 || iy >= inHeight) continue;
          for (let kx = 0; kx < info.filterWidth; kx++) {
            const ix = ox * info.strideWidth - padInfo.left + kx * info.dilationWidth;
            if (ix < 0 || ix >= inWidth) continue;
            const x = ((b * inHeight + iy) * inWidth + ix) * inChannels;
            visit(x, (ky * info.filterWidth + kx) * inChannels * outChannels, y);
          }
        }
      }
}

/** The convolution's three products; `wanted` is the operand that is computed. */
function products(
  info: Info,
  wanted: 'x' | 'filter' | 'y',
  given: {x?: Float32Array; filter?: Float32Array; y?: Float32Array},
): Float32Array {
  const {inChannels, outChannels} = info;
  const sizes = {x: info.inShape, filter: info.filterShape, y: info.outShape};
  const sums = new Float64Array(tf.util.sizeFromShape(sizes[wanted]));
  const [x, filter, y] = [given.x!, given.filter!, given.y!];
  eachTap(info, (xAt, filterAt, yAt) => {
    for (let i = 0; i < inChannels; i++) {
      const row = filterAt + i * outChannels;
      if (wanted === 'y') {
        const value = x[xAt + i]!;
        for (let o = 0; o < outChannels; o++) sums[yAt + o]! += value * filter[row + o]!;
      } else if (wanted === 'filter') {
        const value = x[xAt + i]!;
        for (let o = 0; o < outChannels; o++) sums[row + o]! += value * y[yAt + o]!;
      } else {
        let sum = 0;
        for (let o = 0; o < outChannels; o++) sum += filter[row + o]! * y[yAt + o]!;
        sums[xAt + i]! += sum;
      }
    }
  });
  return Float32Array.from(sums);
}

const infoOf = (x: number[], filter: number[], {strides, pad, dilations = 1, dimRoundingMode}: ConvAttrs): Info =>
  tf.backend_util.computeConv2DInfo(x as Shape4D, filter as Shape4D, strides, dilations, pad, dimRoundingMode);

type Compute = (
  inputs: Record<string, TensorInfo>,
  attrs: never,
  read: (x: TensorInfo) => Float32Array,
) => [number[], Float32Array];

const kernels: Record<string, Compute> = {
  Conv2D: ({x, filter}, attrs, read) => {
    const info = infoOf(x!.shape, filter!.shape, attrs);
    return [info.outShape, products(info, 'y', {x: read(x!), filter: read(filter!)})];
  },
  Conv2DBackpropFilter: ({x, dy}, attrs: ConvAttrs, read) => {
    const info = infoOf(x!.shape, attrs.filterShape!, attrs);
    return [info.filterShape, products(info, 'filter', {x: read(x!), y: read(dy!)})];
  },
  Conv2DBackpropInput: ({dy, filter}, attrs: ConvAttrs, read) => {
    const info = infoOf(attrs.inputShape!, filter!.shape, attrs);
    return [info.inShape, products(info, 'x', {filter: read(filter!), y: read(dy!)})];
  },
  BatchMatMul: ({a, b}, {transposeA, transposeB}: {transposeA: boolean; transposeB: boolean}, read) => {
    const side = (shape: number[], turned: boolean): number[] => (turned ? shape.slice(-2).reverse() : shape.slice(-2));
    const [[m, k], [, n]] = [side(a!.shape, transposeA), side(b!.shape, transposeB)] as [number[], number[]] as [
      [number, number],
      [number, number],
    ];
    const [outerA, outerB] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
    const batches = tf.util.sizeFromShape(outer);
    const sums = new Float64Array(batches * m * n);
    const [valuesA, valuesB] = [read(a!), read(b!)];
    for (let batch = 0; batch < batches; batch++) {
      const [atA, atB] = [place(batch, outer, outerA) * m * k, place(batch, outer, outerB) * k * n];
      const rowA = new Float64Array(k);
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) rowA[p] = valuesA[atA + (transposeA ? p * m + i : i * k + p)]!;
        const row = (batch * m + i) * n;
        if (transposeB) for (let j = 0; j < n; j++) sums[row + j] = dot(rowA, valuesB, atB + j * k);
        else
          for (let p = 0; p < k; p++) {
            const [value, line] = [rowA[p]!, atB + p * n];
            for (let j = 0; j < n; j++) sums[row + j]! += value * valuesB[line + j]!;
          }
      }
    }
    return [[...outer, m, n], Float32Array.from(sums)];
  },
};

function dot(a: Float64Array, b: Float32Array, at: number): number {
  let sum = 0;
  for (let p = 0; p < a.length; p++) sum += a[p]! * b[at + p]!;
  return sum;
}

/** Index among the batches of an operand whose axes of length 1, and missing ones, are repeated. */
function place(batch: number, outer: readonly number[], own: readonly number[]): number {
  let [index, step] = [0, 1];
  for (let axis = outer.length - 1, rest = batch; axis >= 0; axis--) {
    const length = own[axis - outer.length + own.length] ?? 1;
    if (length > 1) index += (rest % outer[axis]!) * step;
    step *= length;
    rest = Math.floor(rest / outer[axis]!);
  }
  return index;
}

/** For `registerKernels('cpu', fastKernels)` while the reference computes: other tests are about the real kernels. */
export const fastKernels: Kernel[] = Object.entries(kernels).map(([name, compute]) => ({
  name,
  compute({inputs, attrs, backend, stock}) {
    const {dataFormat} = attrs as unknown as ConvAttrs;
    if (dataFormat !== undefined && dataFormat !== 'NHWC') return stock();
    const cpu = backend as unknown as Cpu;
    const [shape, values] = compute(inputs as Record<string, TensorInfo>, attrs as never, ({dataId}) =>
      cpu.readSync(dataId),
    );
    return cpu.makeTensorInfo(shape, 'float32', values);
  },
}));
