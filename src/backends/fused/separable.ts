import {tf, type Tensor} from '../tf.js';

/** What a linear map of a line of pixels takes from where: y[to] += weight x[from]. */
export interface Tap {
  to: number;
  from: number;
  weight: number;
}

/** A linear map along one axis of images: from `inSize` pixels to `outSize`. */
export interface LineMap {
  inSize: number;
  outSize: number;
  taps: Iterable<Tap>;
}

export const transposed = ({inSize, outSize, taps}: LineMap): LineMap => ({
  inSize: outSize,
  outSize: inSize,
  taps: Array.from(taps, ({to, from, weight}) => ({to: from, from: to, weight})),
});

/**
 * Applies a map to the columns of images and one to their rows, by matrix products: the reference of operations that
 * resample. [n, h, w, c] -> [n, h', w', c].
 */
export function mapLines(x: Tensor, rows: LineMap, columns: LineMap): Tensor {
  const [n, , , c] = x.shape as [number, number, number, number];
  const across = tf.matMul(
    tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [n * c * rows.inSize, columns.inSize]),
    matrix(columns),
  );
  const upright = tf.transpose(tf.reshape(across, [n * c, rows.inSize, columns.outSize]), [0, 2, 1]);
  const down = tf.matMul(tf.reshape(upright, [n * c * columns.outSize, rows.inSize]), matrix(rows));
  return tf.transpose(tf.reshape(down, [n, c, columns.outSize, rows.outSize]), [0, 3, 2, 1]);
}

/** [inSize, outSize] */
function matrix({inSize, outSize, taps}: LineMap): Tensor {
  const values = new Float32Array(inSize * outSize);
  for (const {to, from, weight} of taps) values[from * outSize + to]! += weight;
  return tf.tensor(values, [inSize, outSize]);
}
