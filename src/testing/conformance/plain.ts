/** Arrays of float64 and what is computed with them in plain loops: the references of the kit, independent of tfjs. */
export interface Plain {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export const plain = (shape: readonly number[], data: ArrayLike<number>): Plain => ({
  shape,
  data: Float64Array.from(data),
});

/** An array of a shape, each element a function of its index. */
export function build(shape: readonly number[], at: (index: readonly number[]) => number): Plain {
  const index = shape.map(() => 0);
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = at(index);
    advance(index, shape);
  }
  return {shape, data};
}

/** The next index in row-major order; after the last one, the first. */
export function advance(index: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (++index[axis]! < shape[axis]!) return;
    index[axis] = 0;
  }
}

/** Place of an index in `data`. Axes of length 1, and missing ones in front, are repeated (broadcasting). */
export function offset(shape: readonly number[], index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((sum, length, axis) => sum * length + (length === 1 ? 0 : index[axis + skipped]!), 0);
}

export const at = ({shape, data}: Plain, index: readonly number[]): number => data[offset(shape, index)]!;

export const map = ({shape, data}: Plain, f: (value: number) => number): Plain => ({shape, data: data.map(f)});

/** A function of several arrays, element by element, with broadcasting. */
export function zip(f: (...values: number[]) => number, ...arrays: Plain[]): Plain {
  const rank = Math.max(...arrays.map(({shape}) => shape.length));
  const shape = Array.from({length: rank}, (_, axis) =>
    Math.max(...arrays.map((array) => array.shape[axis - rank + array.shape.length] ?? 1)),
  );
  return build(shape, (index) => f(...arrays.map((array) => at(array, index))));
}

/** Sums over axes, which stay with length 1. */
export function sumOver(x: Plain, axes: readonly number[]): Plain {
  const shape = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  const data = new Float64Array(sizeOf(shape));
  const index = x.shape.map(() => 0);
  for (const value of x.data) {
    data[offset(shape, index)]! += value;
    advance(index, x.shape);
  }
  return {shape, data};
}

export function meanOver(x: Plain, axes: readonly number[]): Plain {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return map(sumOver(x, axes), (value) => value / count);
}

export const reshape = ({data}: Plain, shape: readonly number[]): Plain => ({shape, data});

export const total = ({data}: Plain): number => data.reduce((sum, value) => sum + value, 0);
