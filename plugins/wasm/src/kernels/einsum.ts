import type {EinsumAttrs, Tensor} from '@tensorflow/tfjs-core';
import {kernel, type Tf} from '../kernel.js';

/** A tensor and the einsum index of each of its axes. */
interface Indexed {
  tensor: Tensor;
  axes: number[];
}

/** Sum of products over named axes; the operands are joined from left to right, each time by one matrix product. */
export const einsum = kernel<Tensor[], EinsumAttrs>('Einsum', (inputs, {equation}, {tf}) => {
  const tensors = Object.values(inputs) as Tensor[];
  const {allDims, summedDims, idDims} = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
  // The axes of the result have the first indices.
  const wanted = allDims.map((_, i) => i).slice(0, allDims.length - summedDims.length);
  return tf.tidy(() => {
    const joined = tensors
      .map((tensor, i): Indexed => ({tensor, axes: idDims[i] ?? []}))
      .reduce((a, b, i) => join(tf, a, b, new Set([...wanted, ...idDims.slice(i + 1).flat()])));
    // A lone operand may be the result already; a kernel must not hand out its input.
    return tf.clone(arrange(tf, reduceTo(tf, joined, new Set(wanted)), wanted));
  });
});

/** The product of two tensors, summed over the axes that nobody needs any more. */
function join(tf: Tf, left: Indexed, right: Indexed, needed: Set<number>): Indexed {
  const a = reduceTo(tf, left, new Set([...needed, ...right.axes]));
  const b = reduceTo(tf, right, new Set([...needed, ...left.axes]));
  const shared = a.axes.filter((axis) => b.axes.includes(axis));
  const batch = shared.filter((axis) => needed.has(axis));
  const inner = shared.filter((axis) => !needed.has(axis));
  const rows = a.axes.filter((axis) => !shared.includes(axis));
  const columns = b.axes.filter((axis) => !shared.includes(axis));
  const size = (axis: number) => a.tensor.shape[a.axes.indexOf(axis)] ?? b.tensor.shape[b.axes.indexOf(axis)] ?? 1;
  const product = (axes: number[]) => axes.map(size).reduce((x, y) => x * y, 1);
  const matrices = tf.matMul(
    tf.reshape(arrange(tf, a, [...batch, ...rows, ...inner]), [product(batch), product(rows), product(inner)]),
    tf.reshape(arrange(tf, b, [...batch, ...inner, ...columns]), [product(batch), product(inner), product(columns)]),
  );
  const axes = [...batch, ...rows, ...columns];
  return {tensor: tf.reshape(matrices, axes.map(size)), axes};
}

/** Sums over every axis that is not in `kept`. */
function reduceTo(tf: Tf, {tensor, axes}: Indexed, kept: Set<number>): Indexed {
  const gone = axes.flatMap((axis, position) => (kept.has(axis) ? [] : [position]));
  return gone.length === 0
    ? {tensor, axes}
    : {tensor: tf.sum(tensor, gone), axes: axes.filter((axis) => kept.has(axis))};
}

/** The tensor with its axes in the given order. */
function arrange(tf: Tf, {tensor, axes}: Indexed, order: number[]): Tensor {
  const permutation = order.map((axis) => axes.indexOf(axis));
  return permutation.every((from, to) => from === to) ? tensor : tf.transpose(tensor, permutation);
}
