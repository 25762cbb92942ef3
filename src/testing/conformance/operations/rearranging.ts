import {tf, type Tensor} from '../../../backends/tf.js';
import {padSpatial, type PaddingMode} from '../../../gan/layers/padding.js';
import type {OperationCase} from '../operation.js';
import {at, build, reshape, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

const {moved, rounded} = tolerances;
const image = {shape: [2, 4, 5, 3]};

function rearranged(
  title: string,
  shape: readonly number[],
  compute: (...xs: Tensor[]) => Tensor,
  plain: (...xs: Plain[]) => Plain,
  inputs = [{shape}],
): OperationCase {
  return {title, inputs, compute, plain, tolerance: moved};
}

/** Permutes the axes. */
function transposed(permutation: number[]): OperationCase {
  const shape = permutation.map((axis) => image.shape[axis]!);
  const original = (index: readonly number[]): number[] =>
    image.shape.map((_, axis) => index[permutation.indexOf(axis)]!);
  return rearranged(
    `transpose ${permutation.join(' ')}`,
    image.shape,
    (x) => tf.transpose(x, permutation),
    (x) => build(shape, (index) => at(x, original(index))),
  );
}

function padding(title: string, shape: number[], paddings: [number, number][]): OperationCase {
  const wanted = shape.map((n, axis) => n + paddings[axis]![0] + paddings[axis]![1]);
  const plain = (x: Plain): Plain =>
    build(wanted, (index) => {
      const from = index.map((i, axis) => i - paddings[axis]![0]);
      return from.every((i, axis) => i >= 0 && i < shape[axis]!) ? at(x, from) : 0;
    });
  return rearranged(title, shape, (x) => tf.pad(x, paddings), plain);
}

function slicing(title: string, begin: number[], size: number[]): OperationCase {
  return rearranged(
    title,
    image.shape,
    (x) => tf.slice(x, begin, size),
    (x) =>
      build(size, (index) =>
        at(
          x,
          index.map((i, axis) => i + begin[axis]!),
        ),
      ),
  );
}

function reversed(axis: number): OperationCase {
  return rearranged(
    `reverse axis ${axis}`,
    image.shape,
    (x) => tf.reverse(x, axis),
    (x) =>
      build(image.shape, (index) =>
        at(
          x,
          index.map((i, k) => (k === axis ? image.shape[k]! - 1 - i : i)),
        ),
      ),
  );
}

function joined(axis: number): OperationCase {
  const shapes = [1, 3, 2].map((n) => image.shape.map((size, k) => (k === axis ? n : size)));
  const shape = image.shape.map((size, k) => (k === axis ? 6 : size));
  const plain = (...xs: Plain[]): Plain =>
    build(shape, (index) => {
      let start = 0;
      const part = xs.findIndex((x) => index[axis]! < start + x.shape[axis]! || ((start += x.shape[axis]!), false));
      return at(
        xs[part]!,
        index.map((i, k) => (k === axis ? i - start : i)),
      );
    });
  return rearranged(
    `concat along axis ${axis}`,
    shape,
    (...xs) => tf.concat(xs, axis),
    plain,
    shapes.map((one) => ({shape: one})),
  );
}

/** Splits, weighs the parts differently and puts them together again, so that each part counts by itself. */
function split(axis: number, parts: number): OperationCase {
  const shape = [4, 6, 8];
  const plain = (x: Plain): Plain =>
    build(shape, (index) => at(x, index) * (1 + Math.floor(index[axis]! / (shape[axis]! / parts))));
  return {
    title: `split axis ${axis} into ${parts}`,
    inputs: [{shape}],
    plain,
    tolerance: rounded,
    compute: (x) =>
      tf.concat(
        tf.split(x, parts, axis).map((part, i) => tf.mul(part, i + 1)),
        axis,
      ),
  };
}

/** Returns the position from which a position beyond the border takes its value. */
const beyond: Record<Exclude<PaddingMode, 'zeros'>, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};

const spatialPaddings = (Object.keys(beyond) as (keyof typeof beyond)[]).map((mode): OperationCase => {
  const [n, h, w, c] = [2, 5, 4, 3];
  const plain = (x: Plain): Plain =>
    build([n, h + 4, w + 2, c], ([b, y, z, k]) => at(x, [b!, beyond[mode](y! - 2, h), beyond[mode](z! - 1, w), k!]));
  return {
    title: `padding by ${mode}`,
    inputs: [{shape: [n, h, w, c]}],
    compute: (x) => padSpatial(x, [2, 1], mode),
    plain,
    tolerance: rounded,
  };
});

export const rearranging: OperationCase[] = [
  rearranged(
    'reshape',
    image.shape,
    (x) => tf.reshape(x, [8, 15]),
    (x) => reshape(x, [8, 15]),
  ),
  rearranged(
    'expandDims and squeeze',
    [3, 4],
    (x) => tf.squeeze(tf.expandDims(tf.expandDims(x, 1), 0), [0]),
    (x) => reshape(x, [3, 1, 4]),
  ),
  rearranged('clone', image.shape, tf.clone, (x) => x),
  {
    title: 'broadcastTo',
    inputs: [{shape: [4, 1, 3]}],
    compute: (x) => tf.broadcastTo(x, [2, 4, 5, 3]),
    plain: (x) => build([2, 4, 5, 3], (index) => at(x, index)),
    tolerance: rounded,
  },
  transposed([0, 2, 1, 3]),
  transposed([3, 0, 1, 2]),
  transposed([1, 0, 3, 2]),
  padding(
    'pad rows and columns',
    [2, 4, 5, 3],
    [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
  ),
  padding(
    'pad five axes',
    [2, 2, 3, 2, 2],
    [
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 2],
      [0, 0],
    ],
  ),
  slicing('slice', [0, 1, 2, 0], [2, 2, 3, 2]),
  slicing('slice the first', [0, 0, 0, 0], [1, 4, 5, 3]),
  reversed(1),
  reversed(2),
  joined(0),
  joined(1),
  joined(3),
  split(0, 2),
  split(2, 4),
  rearranged(
    'stack and unstack',
    [3, 4],
    (a, b) => tf.stack([...tf.unstack(a, 1), ...tf.unstack(b, 1)].reverse(), 1),
    (a, b) => build([3, 8], ([i, j]) => (j! < 4 ? at(b, [i!, 3 - j!]) : at(a, [i!, 7 - j!]))),
    [{shape: [3, 4]}, {shape: [3, 4]}],
  ),
  {
    title: 'fill, zeros and zerosLike',
    inputs: [{shape: [3, 4]}],
    orders: 0,
    tolerance: moved,
    compute: (x) => tf.add(tf.add(tf.fill([3, 4], 2.5), tf.zeros([3, 4])), tf.zerosLike(x)),
    plain: (x) => build(x.shape, () => 2.5),
  },
  ...spatialPaddings,
];
