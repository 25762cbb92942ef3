import {gemm} from './gemm';
import {Matrix} from './matrix';
import {Rows} from './rows';
import {Workspace} from './workspace';

/** out[m, n] = a * b, with a stored as [m, k] or [k, m] and b as [k, n] or [n, k]. */
export function matmul(
  a: usize, transposeA: bool, b: usize, transposeB: bool, out: usize, m: i32, n: i32, k: i32, workspace: Workspace,
): void {
  gemm(
    changetype<Matrix>(workspace.struct(0)).set(a, transposeA ? 1 : k, transposeA ? m : 1),
    changetype<Matrix>(workspace.struct(1)).set(b, transposeB ? k : 1, transposeB ? 1 : n),
    changetype<Rows>(workspace.struct(2)).setMatrix(out, n << 2),
    m, n, k, workspace,
  );
}
