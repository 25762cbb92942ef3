import type {
  BinaryInputs,
  ClipByValueAttrs,
  LeakyReluAttrs,
  LeakyReluInputs,
  SelectInputs,
  TensorInfo,
  UnaryInputs,
} from '@tensorflow/tfjs-core';
import type {Heap} from '../heap.js';
import {kernel, type Tf} from '../kernel.js';

/** A function of each number, float32. */
function unary(name: string, compute: (heap: Heap, x: number, out: number, count: number) => void) {
  return kernel<UnaryInputs, object>(name, ({x}, _attrs, {tf, heap, stock}) => {
    if (x.dtype !== 'float32') return stock();
    const out = heap.output(x.shape);
    compute(heap, heap.address(x), heap.address(out), tf.util.sizeFromShape(x.shape));
    return out;
  });
}

const leakyRelu = kernel<LeakyReluInputs, LeakyReluAttrs>('LeakyRelu', ({x}, {alpha}, {tf, heap, stock}) => {
  if (x.dtype !== 'float32') return stock();
  const out = heap.output(x.shape);
  heap.native.leakyRelu(heap.address(x), heap.address(out), tf.util.sizeFromShape(x.shape), alpha, heap.pool);
  return out;
});

/** Numbers between two bounds, float32. The stock kernels lose NaN. */
function within(name: string, bounds: (attrs: ClipByValueAttrs) => readonly [low: number, high: number]) {
  return kernel<UnaryInputs, ClipByValueAttrs>(name, ({x}, attrs, {tf, heap, stock}) => {
    if (x.dtype !== 'float32') return stock();
    const out = heap.output(x.shape);
    const count = tf.util.sizeFromShape(x.shape);
    heap.native.within(heap.address(x), heap.address(out), count, ...bounds(attrs), heap.pool);
    return out;
  });
}

/** Of the gradient of leaky ReLU (see src/backends/fused/leaky-relu-grad.ts of gan). */
const leakyReluGrad = kernel<Record<'dy' | 'x', unknown>, LeakyReluAttrs>(
  'LeakyReluGrad',
  ({dy, x}, {alpha}, {tf, heap}) => {
    const out = heap.output(x.shape);
    const count = tf.util.sizeFromShape(x.shape);
    heap.native.leakyReluGrad(heap.address(dy), heap.address(x), heap.address(out), count, alpha, heap.pool);
    return out;
  },
);

/** How to walk through two operands of the same shape, or one number and an array; undefined for other broadcasts. */
function walk(tf: Tf, a: TensorInfo, b: TensorInfo): {shape: number[]; strideA: number; strideB: number} | undefined {
  if (tf.util.arraysEqual(a.shape, b.shape)) return {shape: a.shape, strideA: 4, strideB: 4};
  const isNumber = (one: TensorInfo, other: TensorInfo) =>
    tf.util.sizeFromShape(one.shape) === 1 && one.shape.length <= other.shape.length;
  if (isNumber(b, a)) return {shape: a.shape, strideA: 4, strideB: 0};
  if (isNumber(a, b)) return {shape: b.shape, strideA: 0, strideB: 4};
  return undefined;
}

type Pairs = (heap: Heap, a: number, strideA: number, b: number, strideB: number, out: number, count: number) => void;

/** A function of two float32 tensors. */
function binary(name: string, dtype: 'float32' | 'bool', compute: Pairs) {
  return kernel<BinaryInputs, object>(name, ({a, b}, _attrs, {tf, heap, stock}) => {
    const pair = walk(tf, a, b);
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || !pair) return stock();
    const out = heap.output(pair.shape, dtype);
    const count = tf.util.sizeFromShape(pair.shape);
    compute(heap, heap.address(a), pair.strideA, heap.address(b), pair.strideB, heap.address(out), count);
    return out;
  });
}

const select = kernel<SelectInputs, object>('Select', ({condition, t, e}, _attrs, {tf, heap, stock}) => {
  const sameShape = tf.util.arraysEqual(condition.shape, t.shape) && tf.util.arraysEqual(t.shape, e.shape);
  if (!sameShape || t.dtype !== 'float32' || e.dtype !== 'float32') return stock();
  const out = heap.output(t.shape);
  heap.native.select(
    heap.address(condition),
    heap.address(t),
    heap.address(e),
    heap.address(out),
    tf.util.sizeFromShape(t.shape),
  );
  return out;
});

/** Functions of single numbers whose stock kernels are scalar loops. */
export const elementwiseKernels = [
  leakyRelu,
  leakyReluGrad,
  select,
  within('Relu6', () => [0, 6]),
  within('ClipByValue', ({clipValueMin, clipValueMax}) => [clipValueMin, clipValueMax]),
  unary('Square', (heap, x, out, count) => heap.native.square(x, out, count, heap.pool)),
  unary('Sqrt', (heap, x, out, count) => heap.native.sqrt(x, out, count)),
  unary('Rsqrt', (heap, x, out, count) => heap.native.rsqrt(x, out, count)),
  unary('Tanh', (heap, x, out, count) => heap.native.tanh(x, out, count)),
  binary('Maximum', 'float32', (heap, a, sa, b, sb, out, count) =>
    heap.native.extremum(a, sa, b, sb, out, count, true),
  ),
  binary('Minimum', 'float32', (heap, a, sa, b, sb, out, count) =>
    heap.native.extremum(a, sa, b, sb, out, count, false),
  ),
  binary('Greater', 'bool', (heap, a, sa, b, sb, out, count) => heap.native.greater(a, sa, b, sb, out, count, false)),
  binary('GreaterEqual', 'bool', (heap, a, sa, b, sb, out, count) =>
    heap.native.greater(a, sa, b, sb, out, count, true),
  ),
  binary('Less', 'bool', (heap, a, sa, b, sb, out, count) => heap.native.greater(b, sb, a, sa, out, count, false)),
  binary('LessEqual', 'bool', (heap, a, sa, b, sb, out, count) => heap.native.greater(b, sb, a, sa, out, count, true)),
];
