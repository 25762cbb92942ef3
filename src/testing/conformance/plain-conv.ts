import {advance, offset, sizeOf, type Plain} from './plain.js';

export interface ConvGeometry {
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
  groups: number;
  /** Given for a transposed convolution: added to one side of the result. */
  outputPadding?: readonly number[];
}

/** A product of two arrays: y[to[k]] += x[from[k]] * filter[tap[k]] for all k. */
export interface Plan {
  shape: number[];
  to: Int32Array;
  from: Int32Array;
  tap: Int32Array;
}

/**
 * Convolution by its definition, as torch.nn.functional.conv1d, conv2d, conv3d have it, with channels last.
 * @param x [batch, ...spatial, in]
 * @param filter [...kernel, in / groups, out]
 */
export function convPlan(x: readonly number[], filter: readonly number[], geometry: ConvGeometry): Plan {
  const {stride, padding, dilation} = geometry;
  const size = filter
    .slice(0, -2)
    .map((taps, i) => Math.floor((x[i + 1]! + 2 * padding[i]! - dilation[i]! * (taps - 1) - 1) / stride[i]!) + 1);
  const shape = [x[0]!, ...size, filter.at(-1)!];
  const {strided, dense, tap} = pairs(shape, x, filter, geometry);
  return {shape, to: strided, from: dense, tap};
}

/**
 * Transposed convolution (torch.nn.functional.conv_transpose1d, 2d, 3d): each input adds the filter to the output.
 * @param x [batch, ...spatial, in]
 * @param filter [...kernel, out / groups, in]
 */
export function convTransposePlan(x: readonly number[], filter: readonly number[], geometry: ConvGeometry): Plan {
  const {stride, padding, dilation, groups, outputPadding = []} = geometry;
  const size = filter
    .slice(0, -2)
    .map(
      (taps, i) => (x[i + 1]! - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (taps - 1) + outputPadding[i]! + 1,
    );
  const shape = [x[0]!, ...size, filter.at(-2)! * groups];
  const {strided, dense, tap} = pairs(x, shape, filter, geometry);
  return {shape, to: dense, from: strided, tap};
}

/**
 * The elements that a filter connects. Place p of the strided array (the output of a convolution, the input of a
 * transposed one) meets places p * stride + tap * dilation - padding of the dense one; those outside are left out.
 * @param filter [...kernel, channels of dense / groups, channels of strided]
 */
function pairs(
  strided: readonly number[],
  dense: readonly number[],
  filter: readonly number[],
  {stride, padding, dilation, groups}: ConvGeometry,
): {strided: Int32Array; dense: Int32Array; tap: Int32Array} {
  const [places, kernel] = [strided.slice(0, -1), filter.slice(0, -2)];
  const [rows, columns] = [filter.at(-2)!, filter.at(-1)!];
  const [placeCount, tapCount] = [sizeOf(places), sizeOf(kernel)];
  const [atStrided, atDense, atTap] = [0, 1, 2].map(() => new Int32Array(placeCount * tapCount * rows * columns)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let count = 0;
  const place = places.map(() => 0);
  for (let p = 0; p < placeCount; p++, advance(place, places)) {
    const taps = kernel.map(() => 0);
    for (let t = 0; t < tapCount; t++, advance(taps, kernel)) {
      const met = taps.map((at, axis) => place[axis + 1]! * stride[axis]! + at * dilation[axis]! - padding[axis]!);
      if (met.some((at, axis) => at < 0 || at >= dense[axis + 1]!)) continue;
      const start = offset(dense, [place[0]!, ...met, 0]);
      for (let column = 0; column < columns; column++) {
        const channel = start + Math.floor(column / (columns / groups)) * rows;
        for (let row = 0; row < rows; row++, count++) {
          atStrided[count] = p * columns + column;
          atDense[count] = channel + row;
          atTap[count] = (t * rows + row) * columns + column;
        }
      }
    }
  }
  return {strided: atStrided.subarray(0, count), dense: atDense.subarray(0, count), tap: atTap.subarray(0, count)};
}

export function multiply({shape, to, from, tap}: Plan, x: Plain, filter: Plain): Plain {
  const data = new Float64Array(sizeOf(shape));
  for (let k = 0; k < to.length; k++) data[to[k]!]! += x.data[from[k]!]! * filter.data[tap[k]!]!;
  return {shape, data};
}
