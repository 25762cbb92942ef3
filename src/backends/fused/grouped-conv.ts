/**
 * Two-dimensional convolution in groups of channels (depthwise: a group for each channel), its transpose and the
 * gradient of its filter, as the operations `GroupedConv2D`, `GroupedConv2DBackpropInput` and
 * `GroupedConv2DBackpropFilter`. All have the same attributes, and their derivatives of every order are these three.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';
import {spread} from './spread.js';

type Pair = [rows: number, columns: number];

/** Position o of the result sees x[o stride + tap dilation - padding] under each tap, and zeros beyond the border. */
export interface GroupedConvAttrs {
  /**
   * x [batch, ...inSize, in], filter [...kernelSize, in / groups, out], y [batch, ...outSize, out]. Filters of group g
   * are the g-th part of `out`, and see the g-th part of `in`.
   */
  groups: number;
  stride: Pair;
  dilation: Pair;
  /** Zeros above and left of x. Those below and at the right follow from `outSize`, which may leave out some of x. */
  padding: Pair;
  inSize: Pair;
  kernelSize: Pair;
  outSize: Pair;
}

const forward: Operation<'x' | 'filter', GroupedConvAttrs, Tensor> = defineOperation({
  name: 'GroupedConv2D',
  inputs: ['x', 'filter'],
  reference: ({x, filter}, attrs) =>
    fromGroups(tf.matMul(patches(x, attrs), filterMatrix(filter, attrs)), x.shape[0], attrs),
  gradient: {
    compute: ([dy], {inputs: {x, filter}, attrs}) => ({
      x: () => backpropInput({dy: dy!, filter}, attrs),
      filter: () => backpropFilter({x, dy: dy!}, attrs),
    }),
  },
});

const backpropInput: Operation<'dy' | 'filter', GroupedConvAttrs, Tensor> = defineOperation({
  name: 'GroupedConv2DBackpropInput',
  inputs: ['dy', 'filter'],
  reference: ({dy, filter}, attrs) =>
    addPatches(tf.matMul(toGroups(dy, attrs), filterMatrix(filter, attrs), false, true), dy.shape[0], attrs),
  gradient: {
    compute: ([dx], {inputs: {dy, filter}, attrs}) => ({
      dy: () => forward({x: dx!, filter}, attrs),
      filter: () => backpropFilter({x: dx!, dy}, attrs),
    }),
  },
});

const backpropFilter: Operation<'x' | 'dy', GroupedConvAttrs, Tensor> = defineOperation({
  name: 'GroupedConv2DBackpropFilter',
  inputs: ['x', 'dy'],
  reference({x, dy}, attrs) {
    const {groups, kernelSize} = attrs;
    const products = tf.matMul(patches(x, attrs), toGroups(dy, attrs), true); // [g, taps in / g, out / g]
    const shape = [...kernelSize, x.shape[3]! / groups, dy.shape[3]!];
    return tf.reshape(tf.transpose(products, [1, 0, 2]), shape);
  },
  gradient: {
    compute: ([dFilter], {inputs: {x, dy}, attrs}) => ({
      x: () => backpropInput({dy, filter: dFilter!}, attrs),
      dy: () => forward({x, filter: dFilter!}, attrs),
    }),
  },
});

/** [batch, ...outSize, channels] -> [groups, batch positions, channels / groups] */
function toGroups(y: Tensor, {groups}: GroupedConvAttrs): Tensor {
  const channels = y.shape[3]!;
  return tf.transpose(tf.reshape(y, [-1, groups, channels / groups]), [1, 0, 2]);
}

/** The inverse of `toGroups`. */
function fromGroups(y: Tensor, batch: number, {groups, outSize}: GroupedConvAttrs): Tensor {
  return tf.reshape(tf.transpose(y, [1, 0, 2]), [batch, ...outSize, y.shape[2]! * groups]);
}

/** [...kernelSize, in / groups, out] -> [groups, taps in / groups, out / groups] */
function filterMatrix(filter: Tensor, {groups}: GroupedConvAttrs): Tensor {
  const out = filter.shape[3]!;
  return tf.transpose(tf.reshape(filter, [-1, groups, out / groups]), [1, 0, 2]);
}

/** Row and column of each tap. */
const tapsOf = ({kernelSize: [rows, columns]}: GroupedConvAttrs): Pair[] =>
  Array.from({length: rows * columns}, (_, tap) => [Math.floor(tap / columns), tap % columns]);

/** What each position sees: [batch, ...inSize, in] -> [groups, batch positions, taps in / groups]. */
function patches(x: Tensor, attrs: GroupedConvAttrs): Tensor {
  const {groups, dilation} = attrs;
  const padded = fit(x, attrs.padding, grid(attrs));
  const [batch, , , channels] = x.shape as [number, number, number, number];
  const [rows, columns] = attrs.outSize;
  const seen = tapsOf(attrs).map(([i, j]) => {
    const part = take(
      take(padded, 1, i * dilation[0], rows, attrs.stride[0]),
      2,
      j * dilation[1],
      columns,
      attrs.stride[1],
    );
    return tf.reshape(part, [batch * rows * columns, groups, channels / groups]);
  });
  return tf.transpose(tf.concat(seen, 2), [1, 0, 2]);
}

/** The transpose of `patches`: every position adds what it has for a tap to the pixel under that tap. */
function addPatches(columns: Tensor, batch: number, attrs: GroupedConvAttrs): Tensor {
  const {stride, dilation, outSize, inSize, padding} = attrs;
  const taps = tapsOf(attrs);
  const merged = tf.transpose(columns, [1, 0, 2]); // [batch positions, groups, taps in / groups]
  const [positions, groups, depth] = merged.shape as [number, number, number];
  const width = depth / taps.length;
  const [height, across] = grid(attrs);
  const sums = taps.map(([i, j], tap) => {
    const part = tf.reshape(tf.slice(merged, [0, 0, tap * width], [positions, groups, width]), [
      batch,
      ...outSize,
      groups * width,
    ]);
    return fit(spread(spread(part, 1, stride[0]), 2, stride[1]), [i * dilation[0], j * dilation[1]], [height, across]);
  });
  return fit(tf.addN(sums), [-padding[0], -padding[1]], inSize);
}

/** Sides of the padded image that all taps of all positions lie in. */
function grid({outSize, stride, dilation, kernelSize}: GroupedConvAttrs): Pair {
  const side = (axis: 0 | 1): number =>
    (outSize[axis] - 1) * stride[axis] + (kernelSize[axis] - 1) * dilation[axis] + 1;
  return [side(0), side(1)];
}

/** Images with so many zeros above and left of them (or rows and columns taken away there), cut or filled to a size. */
function fit(x: Tensor, before: Pair, size: Pair): Tensor {
  const after = size.map((side, axis) => side - x.shape[axis + 1]! - before[axis]!) as Pair;
  const zeros = [0, 1].map((axis): Pair => [Math.max(before[axis]!, 0), Math.max(after[axis]!, 0)]);
  const padded = zeros.flat().some((count) => count > 0) ? tf.pad(x, [[0, 0], ...zeros, [0, 0]]) : x;
  const start = before.map((count) => Math.max(-count, 0));
  if (start.every((count) => count === 0) && size.every((side, axis) => side === padded.shape[axis + 1])) return padded;
  return tf.slice(padded, [0, ...start, 0], [x.shape[0], ...size, x.shape[3]!]);
}

/** `count` pixels along an axis, `stride` apart, from `start` on. */
function take(x: Tensor, axis: 1 | 2, start: number, count: number, stride: number): Tensor {
  const span = (count - 1) * stride + 1;
  const from = tf.slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((n, i) => (i === axis ? span : n)),
  );
  if (stride === 1 || count === 1) return from;
  const whole = tf.pad(
    from,
    x.shape.map((_, i): Pair => (i === axis ? [0, stride - 1] : [0, 0])),
  );
  const split = tf.reshape(whole, [...x.shape.slice(0, axis), count, stride, ...x.shape.slice(axis + 1)]);
  const first = tf.slice(
    split,
    split.shape.map(() => 0),
    split.shape.map((n, i) => (i === axis + 1 ? 1 : n)),
  );
  return tf.squeeze(first, [axis + 1]);
}

/** @param x [batch, ...inSize, in] @returns [batch, ...outSize, out] */
export const groupedConv = (x: Tensor, filter: Tensor, attrs: GroupedConvAttrs): Tensor => forward({x, filter}, attrs);

/** The transpose of `groupedConv` in x. @param dy [batch, ...outSize, out] @returns [batch, ...inSize, in] */
export const groupedConvTranspose = (dy: Tensor, filter: Tensor, attrs: GroupedConvAttrs): Tensor =>
  backpropInput({dy, filter}, attrs);
