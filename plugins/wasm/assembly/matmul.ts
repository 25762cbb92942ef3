import {gemm} from './gemm';
import {operandA, operandB, result} from './gemm-chunks';
import {Job} from './job';
import {Matrix} from './matrix';
import {Pool} from './pool';

/** out[m, n] = a * b, with a stored as [m, k] or [k, m] and b as [k, n] or [n, k]. */
export function matmul(
  a: usize, transposeA: bool, b: usize, transposeB: bool, out: usize, m: i32, n: i32, k: i32, pool: Pool,
): void {
  operandA<Matrix>(pool).set(a, transposeA ? 1 : k, transposeA ? m : 1);
  operandB<Matrix>(pool).set(b, transposeB ? k : 1, transposeB ? 1 : n);
  result(pool).setMatrix(out, n << 2);
  gemm(pool, Job.MultiplyMatrix, Job.PackMatrix, m, n, k);
}
