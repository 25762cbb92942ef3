/**
 * Single-precision matrix product in the manner of GotoBLAS (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 34(3), 2008): both operands are packed into panels that fit the caches, and a 4 x 8 tile of
 * the output stays in registers. The operands need not be matrices in memory: whatever can pack a panel will do.
 */
import {KC, MC, NC, Workspace} from './workspace';
import {Rows} from './rows';

/** Height and width of the tile in registers: 8 accumulators, two vectors of B and one of A fit 16 SIMD registers. */
const MR: i32 = 4;
const NR: i32 = 8;

/**
 * out[m, n] = a[m, k] * b[k, n], summed over k in a fixed order.
 *
 * `A` and `B` have `pack(to, lane, lanes, depth, depths, width, zeros)`: it writes panels of `width` lanes, each panel
 * [depths][width], lanes beyond the last filled with zeros. Lanes are rows of a, or columns of b.
 */
export function gemm<A, B>(a: A, b: B, out: Rows, m: i32, n: i32, k: i32, workspace: Workspace): void {
  v128.store(workspace.zeros, f32x4.splat(0));
  if (k == 0) clear(out, m, n, workspace);
  for (let j = 0; j < n; j += NC) {
    const columns = min(NC, n - j);
    for (let p = 0; p < k; p += KC) {
      const depths = min(KC, k - p);
      b.pack(workspace.packedB, j, columns, p, depths, NR, workspace.zeros);
      for (let i = 0; i < m; i += MC) {
        const rows = min(MC, m - i);
        a.pack(workspace.packedA, i, rows, p, depths, MR, workspace.zeros);
        out.addresses(workspace.rows, i, rows);
        block(workspace, rows, j, columns, depths, p > 0);
      }
    }
  }
}

/** One packed block of a times one of b, tile by tile; `add` continues a sum begun at a smaller depth. */
function block(workspace: Workspace, rows: i32, column: i32, columns: i32, depths: i32, add: bool): void {
  const tile = workspace.tile;
  const addresses = workspace.rows;
  let b = workspace.packedB;
  for (let j = 0; j < columns; j += NR, b += <usize>(depths * NR) << 2) {
    const to = <usize>(column + j) << 2;
    const width = min(NR, columns - j);
    let a = workspace.packedA;
    for (let i = 0; i < rows; i += MR, a += <usize>(depths * MR) << 2) {
      const row = addresses + (<usize>i << 2);
      const height = min(MR, rows - i);
      if (width == NR && height == MR) {
        multiply(
          depths, a, b,
          load<usize>(row) + to, load<usize>(row, 4) + to, load<usize>(row, 8) + to, load<usize>(row, 12) + to,
          add,
        );
      } else {
        multiply(depths, a, b, tile, tile + 32, tile + 64, tile + 96, false);
        for (let r = 0; r < height; r++) {
          merge(load<usize>(row + (<usize>r << 2)) + to, tile + (<usize>r << 5), width, add);
        }
      }
    }
  }
}

/** The tile: four rows of eight sums over the depth of a panel of A [depths][4] and one of B [depths][8]. */
function multiply(depths: i32, a: usize, b: usize, c0: usize, c1: usize, c2: usize, c3: usize, add: bool): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const end = a + (<usize>depths << 4);
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load_splat<f32>(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load_splat<f32>(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    x = v128.load_splat<f32>(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    s31 = f32x4.add(s31, f32x4.mul(x, b1));
  }
  if (add) {
    s00 = f32x4.add(s00, v128.load(c0));
    s01 = f32x4.add(s01, v128.load(c0, 16));
    s10 = f32x4.add(s10, v128.load(c1));
    s11 = f32x4.add(s11, v128.load(c1, 16));
    s20 = f32x4.add(s20, v128.load(c2));
    s21 = f32x4.add(s21, v128.load(c2, 16));
    s30 = f32x4.add(s30, v128.load(c3));
    s31 = f32x4.add(s31, v128.load(c3, 16));
  }
  v128.store(c0, s00);
  v128.store(c0, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** Copies or adds the first `width` floats of a tile's row to the output. */
function merge(to: usize, from: usize, width: i32, add: bool): void {
  for (const end = to + (<usize>width << 2); to < end; to += 4, from += 4) {
    store<f32>(to, add ? load<f32>(to) + load<f32>(from) : load<f32>(from));
  }
}

/** A sum over nothing. */
function clear(out: Rows, m: i32, n: i32, workspace: Workspace): void {
  for (let i = 0; i < m; i += MC) {
    const rows = min(MC, m - i);
    out.addresses(workspace.rows, i, rows);
    for (let r = 0; r < rows; r++) memory.fill(load<usize>(workspace.rows + (<usize>r << 2)), 0, <usize>n << 2);
  }
}
