import type {BatchMatMulAttrs, BatchMatMulInputs} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** a [..., m, k] times b [..., k, n], the last two axes of each exchanged if asked; batch axes are broadcast. */
export const batchMatMul = kernel<BatchMatMulInputs, BatchMatMulAttrs>(
  'BatchMatMul',
  ({a, b}, {transposeA, transposeB}, {tf, heap}) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') {
      throw new Error(`BatchMatMul on wasm: both matrices must be float32, got ${a.dtype} and ${b.dtype}; use tf.cast`);
    }
    const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
    const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const [depthB, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
    if (k !== depthB) {
      throw new Error(
        `BatchMatMul on wasm: inner sizes ${k} and ${depthB} differ for shapes [${a.shape}] and [${b.shape}] with ` +
          `transposeA=${transposeA}, transposeB=${transposeB}`,
      );
    }
    const batchA = a.shape.slice(0, -2);
    const batchB = b.shape.slice(0, -2);
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const out = heap.output([...batch, m, n]);
    const startA = heap.address(a);
    const startB = heap.address(b);
    const startOut = heap.address(out);
    const indexA = broadcastIndex(batchA, batch);
    const indexB = broadcastIndex(batchB, batch);
    for (let i = 0; i < tf.util.sizeFromShape(batch); i++) {
      heap.native.matmul(
        startA + 4 * m * k * indexA(i),
        transposeA,
        startB + 4 * k * n * indexB(i),
        transposeB,
        startOut + 4 * m * n * i,
        m,
        n,
        k,
        heap.pool,
      );
    }
    return out;
  },
);

/** Maps a position in the broadcast batch to the position in a batch of the given shape. */
function broadcastIndex(shape: number[], batch: number[]): (position: number) => number {
  return (position) => {
    let index = 0;
    let stride = 1;
    for (let axis = 1; axis <= batch.length; axis++) {
      const size = batch.at(-axis) ?? 1;
      const own = shape.at(-axis) ?? 1;
      if (own > 1) index += (position % size) * stride;
      position = Math.floor(position / size);
      stride *= own;
    }
    return index;
  };
}
