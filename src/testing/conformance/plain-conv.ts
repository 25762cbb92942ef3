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
  const {stride, padding, dilation, groups} = geometry;
  const kernel = filter.slice(0, -2);
  const [ins, outs] = [filter.at(-2)!, filter.at(-1)!];
  const size = kernel.map(
    (taps, i) => Math.floor((x[i + 1]! + 2 * padding[i]! - dilation[i]! * (taps - 1) - 1) / stride[i]!) + 1,
  );
  const shape = [x[0]!, ...size, outs];
  return plan(shape, filter, shape, (place, taps, i) => {
    const [n, ...spatial] = place.slice(0, -1);
    const o = place.at(-1)!;
    const source = spatial.map((p, axis) => p * stride[axis]! + taps[axis]! * dilation[axis]! - padding[axis]!);
    if (source.some((p, axis) => p < 0 || p >= x[axis + 1]!)) return undefined;
    const channel = Math.floor(o / (outs / groups)) * ins + i;
    return {to: offset(shape, place), from: offset(x, [n!, ...source, channel])};
  });
}

/**
 * Transposed convolution (torch.nn.functional.conv_transpose1d, 2d, 3d): each input adds the filter to the output.
 * @param x [batch, ...spatial, in]
 * @param filter [...kernel, out / groups, in]
 */
export function convTransposePlan(x: readonly number[], filter: readonly number[], geometry: ConvGeometry): Plan {
  const {stride, padding, dilation, groups, outputPadding = []} = geometry;
  const kernel = filter.slice(0, -2);
  const [outs, ins] = [filter.at(-2)!, filter.at(-1)!];
  const size = kernel.map(
    (taps, i) => (x[i + 1]! - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (taps - 1) + outputPadding[i]! + 1,
  );
  const shape = [x[0]!, ...size, outs * groups];
  return plan(shape, filter, x, (place, taps, o) => {
    const [n, ...spatial] = place.slice(0, -1);
    const i = place.at(-1)!;
    const target = spatial.map((p, axis) => p * stride[axis]! + taps[axis]! * dilation[axis]! - padding[axis]!);
    if (target.some((p, axis) => p < 0 || p >= size[axis]!)) return undefined;
    const channel = Math.floor(i / (ins / groups)) * outs + o;
    return {to: offset(shape, [n!, ...target, channel]), from: offset(x, place)};
  });
}

type Link = (
  place: readonly number[],
  taps: readonly number[],
  channel: number,
) => {to: number; from: number} | undefined;

/**
 * Goes through all places of an array and all taps of the filter, and keeps the pairs that belong together. The channel
 * of a place is the index along the filter's last axis.
 */
function plan(shape: number[], filter: readonly number[], places: readonly number[], link: Link): Plan {
  const [to, from, tap]: [number[], number[], number[]] = [[], [], []];
  const rows = filter.slice(0, -1);
  const [rowCount, placeCount, rowLength] = [sizeOf(rows), sizeOf(places), filter.at(-1)!];
  const place = places.map(() => 0);
  for (let p = 0; p < placeCount; p++, advance(place, places)) {
    const row = rows.map(() => 0);
    for (let t = 0; t < rowCount; t++, advance(row, rows)) {
      const pair = link(place, row.slice(0, -1), row.at(-1)!);
      if (!pair) continue;
      to.push(pair.to);
      from.push(pair.from);
      tap.push(t * rowLength + place.at(-1)!);
    }
  }
  return {shape, to: Int32Array.from(to), from: Int32Array.from(from), tap: Int32Array.from(tap)};
}

export function multiply({shape, to, from, tap}: Plan, x: Plain, filter: Plain): Plain {
  const data = new Float64Array(sizeOf(shape));
  for (let k = 0; k < to.length; k++) data[to[k]!]! += x.data[from[k]!]! * filter.data[tap[k]!]!;
  return {shape, data};
}
