import {tf, type Tensor2D} from '../../backends/tf.js';
import type {Features} from './features.js';

/** Images whose distances to all others are computed at a time: bounds the memory. */
const blockRows = 256;

/**
 * Squared Euclidean distances of the images of `from` to all of `to`, some rows at a time. The products are computed on
 * the device in float32, of features less the mean of `to`, so that their rounding is small against the distances.
 */
export async function eachDistances(
  from: Features,
  to: Features,
  visit: (row: number, distances: Float64Array) => void,
): Promise<void> {
  const centre = meanOf(to);
  const [a, b] = [centred(from, centre), from === to ? undefined : centred(to, centre)];
  const [normsA, normsB] = [norms(a), norms(b ?? a)];
  const row = new Float64Array(to.count);
  const columns = tf.tensor2d((b ?? a).data, [to.count, to.size]);
  try {
    for (let start = 0; start < from.count; start += blockRows) {
      const rows = Math.min(blockRows, from.count - start);
      const block = a.data.subarray(start * a.size, (start + rows) * a.size);
      const products = tf.tidy(() => tf.matMul<Tensor2D>(tf.tensor2d(block, [rows, a.size]), columns, false, true));
      const values = (await products.data()) as Float32Array;
      products.dispose();
      for (let i = 0; i < rows; i++) {
        const norm = normsA[start + i]!;
        for (let j = 0; j < to.count; j++) row[j] = Math.max(norm + normsB[j]! - 2 * values[i * to.count + j]!, 0);
        visit(start + i, row);
      }
    }
  } finally {
    columns.dispose();
  }
}

function meanOf({count, size, data}: Features): Float64Array {
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length;) for (let f = 0; f < size; f++, i++) mean[f]! += data[i]!;
  return mean.map((sum) => sum / count);
}

function centred({count, size, data}: Features, mean: Float64Array): Features {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length;) for (let f = 0; f < size; f++, i++) out[i] = data[i]! - mean[f]!;
  return {count, size, data: out};
}

function norms({count, size, data}: Features): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let f = i * size; f < (i + 1) * size; f++) sum += data[f]! * data[f]!;
    out[i] = sum;
  }
  return out;
}
