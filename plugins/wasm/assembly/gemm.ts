/**
 * Single-precision matrix product in the manner of GotoBLAS (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 34(3), 2008): both operands are packed into panels that fit the caches, and a 4 x 8 tile of
 * the output stays in registers. The operands need not be matrices in memory: whatever can pack a panel will do.
 */
import {KC, MC, NC, Workspace} from './workspace';
import {Rows} from './rows';

/**
 * out[m, n] = a[m, k] * b[k, n], summed over k in a fixed order.
 *
 * `A` and `B` have `pack(to, lane, lanes, depth, depths, width, zeros)`: it writes panels of `width` lanes, each panel
 * [depths][width], lanes beyond the last filled with zeros. Lanes are rows of a, or columns of b.
 */
export function gemm<A, B>(a: A, b: B, out: Rows, m: i32, n: i32, k: i32, workspace: Workspace): void {
  v128.store(workspace.zeros, f32x4.splat(0));
  if (k == 0) clear(out, m, n, workspace);
  // 32 sums stay in 8 of 16 SIMD registers: a tile of 4 x 8, or of 8 x 4 where half of the former would be empty.
  const width = n <= 4 ? 4 : 8;
  const height = 32 / width;
  for (let j = 0; j < n; j += NC) {
    const columns = min(NC, n - j);
    for (let p = 0; p < k; p += KC) {
      const depths = min(KC, k - p);
      b.pack(workspace.packedB, j, columns, p, depths, width, workspace.zeros);
      for (let i = 0; i < m; i += MC) {
        const rows = min(MC, m - i);
        a.pack(workspace.packedA, i, rows, p, depths, height, workspace.zeros);
        out.addresses(workspace.rows, i, rows);
        if (width == 4) narrow(workspace, rows, j, columns, depths, p > 0);
        else wide(workspace, rows, j, columns, depths, p > 0);
      }
    }
  }
}

/** One packed block of a times one of b in tiles of 4 x 8; `add` continues a sum begun at a smaller depth. */
function wide(workspace: Workspace, rows: i32, column: i32, columns: i32, depths: i32, add: bool): void {
  const tile = workspace.tile;
  let b = workspace.packedB;
  for (let j = 0; j < columns; j += 8, b += <usize>depths << 5) {
    const to = <usize>(column + j) << 2;
    let a = workspace.packedA;
    for (let i = 0; i < rows; i += 4, a += <usize>depths << 4) {
      const row = workspace.rows + (<usize>i << 2);
      if (j + 8 <= columns && i + 4 <= rows) {
        multiply4x8(
          depths, a, b,
          load<usize>(row) + to, load<usize>(row, 4) + to, load<usize>(row, 8) + to, load<usize>(row, 12) + to,
          add,
        );
      } else {
        multiply4x8(depths, a, b, tile, tile + 32, tile + 64, tile + 96, false);
        merge(tile, 32, row, min(4, rows - i), to, min(8, columns - j), add);
      }
    }
  }
}

/** The same in tiles of 8 x 4, for at most 4 columns. */
function narrow(workspace: Workspace, rows: i32, column: i32, columns: i32, depths: i32, add: bool): void {
  let a = workspace.packedA;
  for (let i = 0; i < rows; i += 8, a += <usize>depths << 5) {
    multiply8x4(depths, a, workspace.packedB, workspace.tile);
    merge(workspace.tile, 16, workspace.rows + (<usize>i << 2), min(8, rows - i), <usize>column << 2, columns, add);
  }
}

/** The tile: four rows of eight sums over the depth of a panel of A [depths][4] and one of B [depths][8]. */
function multiply4x8(depths: i32, a: usize, b: usize, c0: usize, c1: usize, c2: usize, c3: usize, add: bool): void {
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

/** Eight rows of four sums, written one after another; the operands are panels [depths][8] and [depths][4]. */
function multiply8x4(depths: i32, a: usize, b: usize, to: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  const end = a + (<usize>depths << 5);
  for (; a < end; a += 32, b += 16) {
    const y = v128.load(b);
    s0 = f32x4.add(s0, f32x4.mul(v128.load_splat<f32>(a), y));
    s1 = f32x4.add(s1, f32x4.mul(v128.load_splat<f32>(a, 4), y));
    s2 = f32x4.add(s2, f32x4.mul(v128.load_splat<f32>(a, 8), y));
    s3 = f32x4.add(s3, f32x4.mul(v128.load_splat<f32>(a, 12), y));
    s4 = f32x4.add(s4, f32x4.mul(v128.load_splat<f32>(a, 16), y));
    s5 = f32x4.add(s5, f32x4.mul(v128.load_splat<f32>(a, 20), y));
    s6 = f32x4.add(s6, f32x4.mul(v128.load_splat<f32>(a, 24), y));
    s7 = f32x4.add(s7, f32x4.mul(v128.load_splat<f32>(a, 28), y));
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
  v128.store(to, s4, 64);
  v128.store(to, s5, 80);
  v128.store(to, s6, 96);
  v128.store(to, s7, 112);
}

/** Copies or adds the top left corner of a tile to the output. `bytes` is the length of a row of the tile. */
function merge(tile: usize, bytes: usize, addresses: usize, rows: i32, column: usize, columns: i32, add: bool): void {
  for (let r = 0; r < rows; r++, tile += bytes, addresses += 4) {
    const to = load<usize>(addresses) + column;
    for (let c: usize = 0; c < <usize>columns << 2; c += 4) {
      store<f32>(to + c, add ? load<f32>(to + c) + load<f32>(tile + c) : load<f32>(tile + c));
    }
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
