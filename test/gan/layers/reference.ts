/**
 * Convolutions and norms by their definitions: plain loops over float64 in PyTorch's layout, [batch, channels,
 * ...spatial].
 */
export interface Plain {
  shape: number[];
  data: Float64Array;
}

export interface ConvDefinition {
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
  mode?: 'zeros' | 'reflect' | 'replicate' | 'circular';
  outputPadding?: number;
}

export const plain = (shape: number[], data: ArrayLike<number>): Plain => ({shape, data: Float64Array.from(data)});
const zeros = (shape: number[]): Plain => plain(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)));

/** Three spatial dimensions, the missing ones of size 1 in front. */
function as3d({shape, data}: Plain): Plain {
  const [a, b, ...spatial] = shape as [number, number, ...number[]];
  return {shape: [a, b, ...new Array<number>(3 - spatial.length).fill(1), ...spatial], data};
}

/** A number for each of three dimensions: `value` for those that exist, `absent` for the others. */
const three = (dims: number, value: number, absent: number): number[] =>
  [0, 1, 2].map((axis) => (axis < 3 - dims ? absent : value));

function offset(shape: number[], index: number[]): number {
  return index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
}

function* grid(shape: number[]): Generator<number[]> {
  for (let d = 0; d < shape[0]!; d++)
    for (let h = 0; h < shape[1]!; h++) for (let w = 0; w < shape[2]!; w++) yield [d, h, w];
}

/** Where a position beyond the border takes its value from; -1 for nowhere. */
function source(i: number, length: number, mode: NonNullable<ConvDefinition['mode']>): number {
  if (i >= 0 && i < length) return i;
  switch (mode) {
    case 'zeros':
      return -1;
    case 'reflect':
      return i < 0 ? -i : 2 * (length - 1) - i;
    case 'replicate':
      return i < 0 ? 0 : length - 1;
    case 'circular':
      return (i + length) % length;
  }
}

/** torch.nn.functional.conv1d, conv2d, conv3d: a cross-correlation. Weight [out, in / groups, ...kernel]. */
export function conv(
  input: Plain,
  weight: Plain,
  bias: Plain | undefined,
  {stride = 1, padding = 0, dilation = 1, groups = 1, mode = 'zeros'}: ConvDefinition,
): Plain {
  const dims = input.shape.length - 2;
  const [x, w] = [as3d(input), as3d(weight)];
  const [s, p, d] = [three(dims, stride, 1), three(dims, padding, 0), three(dims, dilation, 1)];
  const [batch, , ...size] = x.shape as [number, number, ...number[]];
  const [outs, ins, ...kernel] = w.shape as [number, number, ...number[]];
  const outSize = size.map(
    (n, axis) => Math.floor((n + 2 * p[axis]! - d[axis]! * (kernel[axis]! - 1) - 1) / s[axis]!) + 1,
  );
  const y = zeros([batch, outs, ...outSize]);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outs; o++) {
      const firstIn = Math.floor(o / (outs / groups)) * ins;
      for (const at of grid(outSize)) {
        let sum = bias ? bias.data[o]! : 0;
        for (let i = 0; i < ins; i++) {
          for (const tap of grid(kernel)) {
            const from = at.map((place, axis) =>
              source(place * s[axis]! + tap[axis]! * d[axis]! - p[axis]!, size[axis]!, mode),
            );
            if (from.includes(-1)) continue;
            sum += x.data[offset(x.shape, [n, firstIn + i, ...from])]! * w.data[offset(w.shape, [o, i, ...tap])]!;
          }
        }
        y.data[offset(y.shape, [n, o, ...at])] = sum;
      }
    }
  }
  return {shape: [batch, outs, ...outSize.slice(3 - dims)], data: y.data};
}

/**
 * torch.nn.functional.conv_transpose1d, 2d, 3d: every input value adds the filter to the output. Weight [in, out /
 * groups, ...kernel].
 */
export function convTranspose(
  input: Plain,
  weight: Plain,
  bias: Plain | undefined,
  {stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0}: ConvDefinition,
): Plain {
  const dims = input.shape.length - 2;
  const [x, w] = [as3d(input), as3d(weight)];
  const [s, p, d, extra] = [
    three(dims, stride, 1),
    three(dims, padding, 0),
    three(dims, dilation, 1),
    three(dims, outputPadding, 0),
  ];
  const [batch, ins, ...size] = x.shape as [number, number, ...number[]];
  const [, outsOfGroup, ...kernel] = w.shape as [number, number, ...number[]];
  const outs = outsOfGroup * groups;
  const outSize = size.map(
    (n, axis) => (n - 1) * s[axis]! - 2 * p[axis]! + d[axis]! * (kernel[axis]! - 1) + extra[axis]! + 1,
  );
  const y = zeros([batch, outs, ...outSize]);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < ins; i++) {
      const firstOut = Math.floor(i / (ins / groups)) * outsOfGroup;
      for (const at of grid(size)) {
        for (let o = 0; o < outsOfGroup; o++) {
          for (const tap of grid(kernel)) {
            const to = at.map((place, axis) => place * s[axis]! - p[axis]! + tap[axis]! * d[axis]!);
            if (to.some((place, axis) => place < 0 || place >= outSize[axis]!)) continue;
            y.data[offset(y.shape, [n, firstOut + o, ...to])]! +=
              x.data[offset(x.shape, [n, i, ...at])]! * w.data[offset(w.shape, [i, o, ...tap])]!;
          }
        }
      }
    }
  }
  if (bias) {
    const positions = outSize.reduce((a, b) => a * b, 1);
    y.data.forEach((_, k) => (y.data[k]! += bias.data[Math.floor(k / positions) % outs]!));
  }
  return {shape: [batch, outs, ...outSize.slice(3 - dims)], data: y.data};
}

/**
 * Normalises over all that shares a channel (batch norm), or a channel and an image (instance norm), with the biased
 * variance.
 */
export function norm(x: Plain, weight: Plain, bias: Plain, per: 'batch' | 'instance', eps = 1e-5): Plain {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const positions = spatial.reduce((a, b) => a * b, 1);
  const y = plain(x.shape, x.data);
  const group = (k: number): number =>
    per === 'batch' ? Math.floor(k / positions) % channels : Math.floor(k / positions);
  const count = per === 'batch' ? batch * positions : positions;
  for (let g = 0; g < (per === 'batch' ? channels : batch * channels); g++) {
    const members = [...x.data.keys()].filter((k) => group(k) === g);
    const mean = members.reduce((sum, k) => sum + x.data[k]!, 0) / count;
    const variance = members.reduce((sum, k) => sum + (x.data[k]! - mean) ** 2, 0) / count;
    for (const k of members)
      y.data[k] =
        ((x.data[k]! - mean) / Math.sqrt(variance + eps)) * weight.data[g % channels]! + bias.data[g % channels]!;
  }
  return y;
}

export const map = (x: Plain, f: (value: number) => number): Plain => plain(x.shape, x.data.map(f));

/**
 * The rows of a weight as spectral norm sees it: along its output axis, which is 0, or 1 in a transposed convolution.
 */
export function matrixRows({shape, data}: Plain, axis: 0 | 1): Float64Array[] {
  const [a, b, ...kernel] = shape as [number, number, ...number[]];
  const taps = kernel.reduce((x, y) => x * y, 1);
  const [rows, others] = axis === 0 ? [a, b] : [b, a];
  return Array.from({length: rows}, (_, row) =>
    Float64Array.from({length: others * taps}, (_, column) => {
      const other = Math.floor(column / taps);
      return data[(axis === 0 ? row * b + other : other * b + row) * taps + (column % taps)]!;
    }),
  );
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
const unit = (v: Float64Array): Float64Array => v.map((value) => value / Math.max(Math.sqrt(dot(v, v)), 1e-12));

/** One power iteration: v <- W^T u, u <- W v, each of length 1. */
export function powerIteration(rows: Float64Array[], u: Float64Array): {u: Float64Array; v: Float64Array} {
  const v = unit(
    Float64Array.from(rows[0]!, (_, column) => rows.reduce((sum, row, i) => sum + row[column]! * u[i]!, 0)),
  );
  return {u: unit(Float64Array.from(rows, (row) => dot(row, v))), v};
}

export const sigma = (rows: Float64Array[], u: ArrayLike<number>, v: ArrayLike<number>): number =>
  dot(
    rows.map((row) => dot(row, v)),
    u,
  );

/**
 * d f / d x by central differences: f is smooth where it is looked at, in float64, and so this is good to about 1e-8.
 */
export function differences(f: () => number, x: Plain, step = 1e-5): Float64Array {
  return x.data.map((value, i) => {
    x.data[i] = value + step;
    const above = f();
    x.data[i] = value - step;
    const below = f();
    x.data[i] = value;
    return (above - below) / (2 * step);
  });
}
