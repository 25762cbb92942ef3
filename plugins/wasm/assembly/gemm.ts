/**
 * Single-precision matrix product in the manner of GotoBLAS (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 34(3), 2008): both operands are packed into panels that fit the caches, and a tile of the
 * output
 * stays in registers. The operands need not be matrices in memory: whatever can pack a panel will do. B is
 * packed once for all threads, then each takes blocks of the output and packs the rows of A that it needs.
 */
import {CHUNK_COLUMNS, MAX_COLUMNS, PACK_COLUMNS, product, result} from './gemm-chunks';
import {Job} from './job';
import {PANEL} from './lanes';
import {parallel} from './parallel';
import {PACKED_FLOATS, Pool} from './pool';
import {KC, MC} from './scratch';

/** Multiplications that are done before another thread would have woken up. */
const SMALL: i64 = 1 << 17;

/**
 * out[m, n] = a[m, k] * b[k, n], summed over k in a fixed order; `operandA`, `operandB` and `result` say what these
 * are.
 *
 * Operands have `pack(to, panelDepths, lane, lanes, depth, depths, width, zeros)`: it writes panels of `width` lanes,
 * each panel [panelDepths][width] of which the first `depths` are filled; lanes beyond the last are filled with zeros.
 * Lanes are rows of a, or columns of b.
 */
export function gemm(pool: Pool, multiply: Job, pack: Job, m: i32, n: i32, k: i32): void {
  if (k == 0) return clear(pool, m, n);
  const p = product(pool);
  p.rows = m;
  // A tile of four rows, or of 8 x 4 where half of it would be empty.
  p.width = n <= 4 ? 4 : n <= 8 ? 8 : PANEL;
  p.height = n <= 4 ? 8 : 4;
  // Enough chunks for many threads, as long as each of them is worth packing A for.
  p.chunkRows = min(MC, max(32, (m / 16 + 7) & ~7));
  const down = (m + p.chunkRows - 1) / p.chunkRows;
  const small = <i64>m * n * k < SMALL;
  for (let column = 0; column < n; column += MAX_COLUMNS) {
    const columns = min(MAX_COLUMNS, n - column);
    const deep = PACKED_FLOATS / ((columns + PANEL - 1) / PANEL * PANEL) / KC * KC;
    p.column = column;
    p.columns = columns;
    p.across = (columns + CHUNK_COLUMNS - 1) / CHUNK_COLUMNS;
    for (let depth = 0; depth < k; depth += deep) {
      p.depth = depth;
      p.depths = min(deep, k - depth);
      parallel(pool, pack, ((columns + PACK_COLUMNS - 1) / PACK_COLUMNS) * ((p.depths + KC - 1) / KC), small);
      parallel(pool, multiply, down * p.across, small);
    }
  }
}

/** A sum over nothing. */
function clear(pool: Pool, m: i32, n: i32): void {
  const scratch = pool.scratch(0);
  for (let i = 0; i < m; i += MC) {
    const rows = min(MC, m - i);
    result(pool).addresses(scratch.rows, i, rows);
    for (let r = 0; r < rows; r++) memory.fill(load<usize>(scratch.rows + (<usize>r << 2)), 0, <usize>n << 2);
  }
}
