import type {BatchMatMulAttrs, BatchMatMulInputs} from '@tensorflow/tfjs-core';
import type {Matrix} from '../blas/types.js';
import {toType} from './cast.js';
import {copy} from './copy.js';
import {fill} from './fill.js';
import {kernel, result, scratch, sizeOf, view, type Context, type View} from './kernel.js';
import {broadcastStrides} from './walk.js';

/** A factor with one matrix for each of the batch, or one for all; others are repeated. */
function factor({gpu}: Context, x: View, transposed: boolean, batch: readonly number[]): Matrix {
  const [own, matrix] = [x.shape.slice(0, -2), x.shape.slice(-2)];
  if (sizeOf(own) === 1) return {address: x.address, transposed, batchStride: 0};
  if (sizeOf(own) === sizeOf(batch)) return {address: x.address, transposed};
  const shape = [...batch, ...matrix];
  const repeated = scratch(gpu, shape, 'float32');
  copy(gpu, x, repeated, shape, {strides: broadcastStrides(x.shape, shape)});
  return {address: repeated.address, transposed};
}

/** Matrix products with cuBLASLt. */
export const batchMatMul = kernel<BatchMatMulInputs, BatchMatMulAttrs>(
  'BatchMatMul',
  (inputs, {transposeA, transposeB}, context) => {
    const {tf, gpu} = context;
    const [a, b] = [toType(context, view(gpu, inputs.a), 'float32'), toType(context, view(gpu, inputs.b), 'float32')];
    const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
    const [inner, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
    if (inner !== k)
      throw new Error(
        `matMul: shapes [${a.shape.join()}]${transposeA ? ' (transposed)' : ''} and [${b.shape.join()}]${transposeB ? ' (transposed)' : ''} do not fit: ${k} columns, ${inner} rows`,
      );
    const batch = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const y = result(gpu, [...batch, m, n], 'float32');
    if (k === 0) fill(context, y, 0);
    else if (sizeOf(y.shape) > 0)
      gpu.blas.matmul({
        m,
        n,
        k,
        batch: sizeOf(batch),
        a: factor(context, a, transposeA, batch),
        b: factor(context, b, transposeB, batch),
        c: y.address,
      });
    return y.info;
  },
);
