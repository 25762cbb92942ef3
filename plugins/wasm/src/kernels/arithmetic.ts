import type {BinaryInputs} from '@tensorflow/tfjs-core';
import {kernel, type Tf} from '../kernel.js';

/**
 * How an operand goes along with the result, seen as [rows, inner]: floats from one of its rows to the next, the rows
 * of the result after which it goes there, and floats along a row.
 */
interface Strides {
  row: number;
  repeat: number;
  column: number;
}

interface Walk {
  shape: number[];
  rows: number;
  inner: number;
  a: Strides;
  b: Strides;
}

const along: Strides = {row: 0, repeat: 1, column: 1};
const still: Strides = {row: 0, repeat: 1, column: 0};

/**
 * How to walk through two operands where one of them has the shape of the result, and the other that of its last axes,
 * of its first ones with ones behind them, of both with ones between, or is a number; undefined for other broadcasts.
 */
function walk(tf: Tf, a: number[], b: number[]): Walk | undefined {
  if (tf.util.arraysEqual(a, b)) return {shape: a, rows: 1, inner: tf.util.sizeFromShape(a), a: along, b: along};
  const second = strides(tf, a, b);
  if (second) return {shape: a, rows: second.rows, inner: second.inner, a: whole(second), b: second.strides};
  const first = strides(tf, b, a);
  if (first) return {shape: b, rows: first.rows, inner: first.inner, a: first.strides, b: whole(first)};
  return undefined;
}

/** Of the operand that has the shape of the result. */
const whole = ({rows, inner}: {rows: number; inner: number}): Strides =>
  rows === 1 ? along : {row: inner, repeat: 1, column: 1};

/** Of an operand of the shape `small` that is repeated to the shape `all`. */
function strides(tf: Tf, all: number[], small: number[]): {rows: number; inner: number; strides: Strides} | undefined {
  const size = tf.util.sizeFromShape(all);
  const missing = all.length - small.length;
  if (missing < 0 || size === 0) return undefined;
  const sizeAt = (axis: number): number => small[axis - missing] ?? 1;
  const count = tf.util.sizeFromShape(small);
  if (count === 1) return {rows: 1, inner: size, strides: still};
  let first = 0;
  while (sizeAt(first) === 1) first++;
  let last = all.length - 1;
  while (sizeAt(last) === 1) last--;
  const equal = (from: number, end: number): boolean => all.slice(from, end).every((n, i) => n === sizeAt(from + i));
  if (!equal(first, last + 1)) {
    // [batch, 1, ..., 1, channels]
    const ones = all.findIndex((_, axis) => sizeAt(axis) === 1);
    if (ones < 1 || last !== all.length - 1) return undefined;
    let end = ones;
    while (sizeAt(end) === 1) end++;
    if (!equal(0, ones) || !equal(end, all.length)) return undefined;
    const inner = tf.util.sizeFromShape(all.slice(end));
    const repeat = tf.util.sizeFromShape(all.slice(ones, end));
    return {rows: size / inner, inner, strides: {row: inner, repeat, column: 1}};
  }
  if (tf.util.sizeFromShape(all.slice(last + 1)) === 1) return {rows: size / count, inner: count, strides: along};
  if (tf.util.sizeFromShape(all.slice(0, first)) === 1)
    return {rows: count, inner: size / count, strides: {row: 1, repeat: 1, column: 0}};
  return undefined;
}

/** float32 tensors of the commonest broadcasts, in all threads; the stock kernels know one thread. */
function arithmetic(name: string, operator: number) {
  return kernel<BinaryInputs, object>(name, ({a, b}, _attrs, {tf, heap, stock}) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock();
    const way = walk(tf, a.shape, b.shape);
    if (!way || way.inner === 0) return stock();
    const out = heap.output(way.shape);
    heap.native.arithmetic(
      operator,
      heap.address(a),
      way.a.row,
      way.a.repeat,
      way.a.column,
      heap.address(b),
      way.b.row,
      way.b.repeat,
      way.b.column,
      heap.address(out),
      way.rows,
      way.inner,
      0,
      heap.pool,
    );
    return out;
  });
}

/** The operators have the numbers of assembly/arithmetic-chunk.ts. */
export const arithmeticKernels = ['Add', 'Sub', 'Multiply', 'RealDiv'].map(arithmetic);
