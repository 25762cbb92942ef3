import {tf, type Tensor} from '../tf.js';

/** Puts `rate - 1` zeros between neighbours along an axis: a length of n becomes (n - 1) rate + 1. */
export function spread(x: Tensor, axis: number, rate: number): Tensor {
  const length = x.shape[axis]!;
  if (rate === 1 || length === 1) return x;
  const split = tf.expandDims(x, axis + 1);
  const paddings = split.shape.map((_, i): [number, number] => (i === axis + 1 ? [0, rate - 1] : [0, 0]));
  const padded = tf.pad(split, paddings);
  const merged = tf.reshape(
    padded,
    x.shape.map((n, i) => (i === axis ? n * rate : n)),
  );
  return tf.slice(
    merged,
    x.shape.map(() => 0),
    x.shape.map((n, i) => (i === axis ? (n - 1) * rate + 1 : n)),
  );
}
