import type {
  BroadCastToAttrs,
  BroadcastToInputs,
  ConcatAttrs,
  PackAttrs,
  ReverseAttrs,
  ReverseInputs,
  SliceAttrs,
  SliceInputs,
  SplitVAttrs,
  SplitVInputs,
  StridedSliceAttrs,
  StridedSliceInputs,
  TensorInfo,
  TileAttrs,
  TileInputs,
  TransposeAttrs,
  TransposeInputs,
  UnpackAttrs,
  UnpackInputs,
} from '@tensorflow/tfjs-core';
import {toType} from './cast.js';
import {copy, permute} from './copy.js';
import {kernel, result, sizeOf, view, type Context, type Kernel} from './kernel.js';
import {broadcastStrides, stridesOf} from './walk.js';

/** The part of x that begins at `begin`. */
function sliceOf(
  {gpu}: Context,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  shape = size,
): TensorInfo {
  const from = view(gpu, x);
  const y = result(gpu, shape, from.dtype);
  const strides = stridesOf(x.shape);
  copy(gpu, from, y, size, {strides, from: begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)});
  return y.info;
}

/** Parts of `sizes` along an axis, one after the other. */
function partsOf(
  context: Context,
  x: TensorInfo,
  axis: number,
  sizes: readonly number[],
  shape: (size: number[]) => number[],
): TensorInfo[] {
  let start = 0;
  return sizes.map((n) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    const size = x.shape.map((whole, i) => (i === axis ? n : whole));
    start += n;
    return sliceOf(context, x, begin, size, shape(size));
  });
}

/** Tensors put one after the other along an axis; they may lack it. */
function joined(
  context: Context,
  tensors: readonly TensorInfo[],
  axis: number,
  sizes: readonly number[],
  shape: number[],
): TensorInfo {
  const {gpu} = context;
  const {dtype} = view(gpu, tensors[0]!);
  const y = result(gpu, shape, dtype);
  const strides = stridesOf(shape);
  let start = 0;
  tensors.forEach((tensor, i) => {
    const size = shape.map((whole, k) => (k === axis ? sizes[i]! : whole));
    copy(
      gpu,
      toType(context, view(gpu, tensor), dtype),
      y,
      size,
      {strides: stridesOf(size)},
      {strides, from: start * strides[axis]!},
    );
    start += sizes[i]!;
  });
  return y.info;
}

/** tfjs hands over a list as a record whose keys are its places. */
const listOf = (inputs: object): TensorInfo[] => Object.values(inputs as Record<string, TensorInfo>);

export const rearrangingKernels: readonly Kernel[] = [
  kernel<TransposeInputs, TransposeAttrs>('Transpose', ({x}, {perm}, {gpu}) => {
    const y = result(
      gpu,
      perm.map((axis) => x.shape[axis]!),
      view(gpu, x).dtype,
    );
    permute(gpu, view(gpu, x), perm, y);
    return y.info;
  }),
  kernel<SliceInputs, SliceAttrs>('Slice', ({x}, {begin, size}, context) => {
    const {slice_util} = context.tf;
    const [first, sizes] = slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
    slice_util.assertParamsValid(x, first, sizes);
    return sliceOf(context, x, first, sizes);
  }),
  kernel<StridedSliceInputs, StridedSliceAttrs>('StridedSlice', ({x}, attrs, {tf, gpu}) => {
    const {begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask} = attrs;
    const {
      finalShape,
      begin: first,
      end: last,
      strides: steps,
    } = tf.slice_util.sliceInfo(
      x.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    // of x's rank, before axes are added and taken away
    const sizes = tf.slice_util.computeOutShape(first, last, steps);
    const from = view(gpu, x);
    const y = result(gpu, finalShape, from.dtype);
    const own = stridesOf(x.shape);
    copy(gpu, from, y, sizes, {
      strides: own.map((stride, axis) => stride * steps[axis]!),
      from: first.reduce((sum, at, axis) => sum + at * own[axis]!, 0),
    });
    return y.info;
  }),
  kernel<ReverseInputs, ReverseAttrs>('Reverse', ({x}, {dims}, {tf, gpu}) => {
    const turned = tf.util.parseAxisParam(dims, x.shape);
    const own = stridesOf(x.shape);
    const from = view(gpu, x);
    const y = result(gpu, x.shape, from.dtype);
    copy(gpu, from, y, x.shape, {
      strides: own.map((stride, axis) => (turned.includes(axis) ? -stride : stride)),
      from: turned.reduce((sum, axis) => sum + Math.max(x.shape[axis]! - 1, 0) * own[axis]!, 0),
    });
    return y.info;
  }),
  kernel<TileInputs, TileAttrs>('Tile', ({x}, {reps}, {gpu}) => {
    const from = view(gpu, x);
    const y = result(
      gpu,
      x.shape.map((n, axis) => n * reps[axis]!),
      from.dtype,
    );
    const own = stridesOf(x.shape);
    copy(
      gpu,
      from,
      y,
      x.shape.flatMap((n, axis) => [reps[axis]!, n]),
      {strides: own.flatMap((stride) => [0, stride])},
    );
    return y.info;
  }),
  kernel<BroadcastToInputs, BroadCastToAttrs>('BroadcastTo', ({x}, {shape = x.shape}, {gpu}) => {
    const from = view(gpu, x);
    const y = result(gpu, shape, from.dtype);
    copy(gpu, from, y, shape, {strides: broadcastStrides(x.shape, shape)});
    return y.info;
  }),
  kernel<object, ConcatAttrs>('Concat', (inputs, {axis}, context) => {
    const {tf} = context;
    const tensors = listOf(inputs);
    const at = tf.util.parseAxisParam(axis, tensors[0]!.shape)[0]!;
    const shapes = tensors.map(({shape}) => shape);
    tf.backend_util.assertParamsConsistent(shapes, at);
    return joined(
      context,
      tensors,
      at,
      shapes.map((shape) => shape[at]!),
      tf.backend_util.computeOutShape(shapes, at),
    );
  }),
  kernel<SplitVInputs, SplitVAttrs>('SplitV', ({x}, {numOrSizeSplits, axis}, context) => {
    const at = context.tf.util.parseAxisParam(axis, x.shape)[0]!;
    return partsOf(context, x, at, context.tf.backend_util.prepareSplitSize(x, numOrSizeSplits, at), (size) => size);
  }),
  kernel<object, PackAttrs>('Pack', (inputs, {axis}, context) => {
    const tensors = listOf(inputs);
    const {
      shape: [...shape],
    } = tensors[0]!;
    const at = axis < 0 ? axis + shape.length + 1 : axis;
    shape.splice(at, 0, tensors.length);
    return joined(
      context,
      tensors,
      at,
      tensors.map(() => 1),
      shape,
    );
  }),
  kernel<UnpackInputs, UnpackAttrs>('Unpack', ({value}, {axis}, context) => {
    const at = axis < 0 ? axis + value.shape.length : axis;
    const ones = new Array<number>(value.shape[at]!).fill(1);
    return partsOf(context, value, at, ones, (size) => size.filter((_, i) => i !== at));
  }),
];

/** Kernels below share the data of their input, for which nothing is computed. */
const sharing = (
  name: string,
  input: string,
  shapeOf: (tensor: TensorInfo, attrs: Record<string, unknown>, context: Context) => number[],
): Kernel =>
  kernel<Record<string, unknown>, Record<string, unknown>>(name, (inputs, attrs, context) =>
    context.gpu.alias(inputs[input]!, shapeOf(inputs[input]!, attrs, context)),
  );

export const sharingKernels: readonly Kernel[] = [
  sharing('Identity', 'x', ({shape}) => shape),
  sharing('Reshape', 'x', (x, {shape}, {tf}) => tf.util.inferFromImplicitShape(shape as number[], sizeOf(x.shape))),
  sharing('ExpandDims', 'input', ({shape: [...shape]}, {dim}) => {
    const at = dim as number;
    shape.splice(at < 0 ? at + shape.length + 1 : at, 0, 1);
    return shape;
  }),
];
