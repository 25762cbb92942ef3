/**
 * The inner loops of the matrix product. The sums of a tile stay in registers: 32 of them in 8 of 16 registers, or in a
 * wide
 * module 96 or 64, whose 256-bit registers hold two of the vectors named here.
 */
import {WIDE} from './lanes';

/**
 * c[i, j] = (what was there, if `add`) + the sum over the depth of a[i, depth] b[depth, j], for PANEL columns and
 * `rows` rows;
 * up to three rows more are read and written. Steps are in bytes; those along the columns are 4.
 */
@inline
export function multiplyPanel(
  rows: i32, depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize,
  add: bool,
): void {
  while (rows > 0) {
    // Tiles of six as long as what is left can be made of fours and sixes.
    const high = WIDE && rows > 4 && rows != 8;
    if (high) multiply6x16(depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
    else multiplyTile(depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
    const done = high ? 6 : 4;
    a += <usize>done * aRow;
    c += <usize>done * cRow;
    rows -= done;
  }
}

/** Four rows of PANEL columns. */
@inline
export function multiplyTile(
  depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, add: bool,
): void {
  if (WIDE) multiply4x16(depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
  else multiply4x8(depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
}

export function multiply4x8(
  depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00;
  let s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00;
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (const end = b + <usize>depths * bDepth; b < end; b += bDepth) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    a += aDepth;
    x = v128.load_splat<f32>(a1);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    a1 += aDepth;
    x = v128.load_splat<f32>(a2);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    a2 += aDepth;
    x = v128.load_splat<f32>(a3);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    a3 += aDepth;
  }
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
  if (add) {
    s00 = f32x4.add(s00, v128.load(c));
    s01 = f32x4.add(s01, v128.load(c, 16));
    s10 = f32x4.add(s10, v128.load(c1));
    s11 = f32x4.add(s11, v128.load(c1, 16));
    s20 = f32x4.add(s20, v128.load(c2));
    s21 = f32x4.add(s21, v128.load(c2, 16));
    s30 = f32x4.add(s30, v128.load(c3));
    s31 = f32x4.add(s31, v128.load(c3, 16));
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

function multiply4x16(
  depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s02 = s00, s03 = s00;
  let s10 = s00, s11 = s00, s12 = s00, s13 = s00;
  let s20 = s00, s21 = s00, s22 = s00, s23 = s00;
  let s30 = s00, s31 = s00, s32 = s00, s33 = s00;
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (const end = b + <usize>depths * bDepth; b < end; b += bDepth) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    s02 = madd(x, b2, s02);
    s03 = madd(x, b3, s03);
    a += aDepth;
    x = v128.load_splat<f32>(a1);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    s12 = madd(x, b2, s12);
    s13 = madd(x, b3, s13);
    a1 += aDepth;
    x = v128.load_splat<f32>(a2);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    s22 = madd(x, b2, s22);
    s23 = madd(x, b3, s23);
    a2 += aDepth;
    x = v128.load_splat<f32>(a3);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    s32 = madd(x, b2, s32);
    s33 = madd(x, b3, s33);
    a3 += aDepth;
  }
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
  if (add) {
    s00 = f32x4.add(s00, v128.load(c));
    s01 = f32x4.add(s01, v128.load(c, 16));
    s02 = f32x4.add(s02, v128.load(c, 32));
    s03 = f32x4.add(s03, v128.load(c, 48));
    s10 = f32x4.add(s10, v128.load(c1));
    s11 = f32x4.add(s11, v128.load(c1, 16));
    s12 = f32x4.add(s12, v128.load(c1, 32));
    s13 = f32x4.add(s13, v128.load(c1, 48));
    s20 = f32x4.add(s20, v128.load(c2));
    s21 = f32x4.add(s21, v128.load(c2, 16));
    s22 = f32x4.add(s22, v128.load(c2, 32));
    s23 = f32x4.add(s23, v128.load(c2, 48));
    s30 = f32x4.add(s30, v128.load(c3));
    s31 = f32x4.add(s31, v128.load(c3, 16));
    s32 = f32x4.add(s32, v128.load(c3, 32));
    s33 = f32x4.add(s33, v128.load(c3, 48));
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s02, 32);
  v128.store(c, s03, 48);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c1, s12, 32);
  v128.store(c1, s13, 48);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c2, s22, 32);
  v128.store(c2, s23, 48);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
  v128.store(c3, s32, 32);
  v128.store(c3, s33, 48);
}

function multiply6x16(
  depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s02 = s00, s03 = s00;
  let s10 = s00, s11 = s00, s12 = s00, s13 = s00;
  let s20 = s00, s21 = s00, s22 = s00, s23 = s00;
  let s30 = s00, s31 = s00, s32 = s00, s33 = s00;
  let s40 = s00, s41 = s00, s42 = s00, s43 = s00;
  let s50 = s00, s51 = s00, s52 = s00, s53 = s00;
  let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
  for (const end = b + <usize>depths * bDepth; b < end; b += bDepth) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    s02 = madd(x, b2, s02);
    s03 = madd(x, b3, s03);
    a += aDepth;
    x = v128.load_splat<f32>(a1);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    s12 = madd(x, b2, s12);
    s13 = madd(x, b3, s13);
    a1 += aDepth;
    x = v128.load_splat<f32>(a2);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    s22 = madd(x, b2, s22);
    s23 = madd(x, b3, s23);
    a2 += aDepth;
    x = v128.load_splat<f32>(a3);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
    s32 = madd(x, b2, s32);
    s33 = madd(x, b3, s33);
    a3 += aDepth;
    x = v128.load_splat<f32>(a4);
    s40 = madd(x, b0, s40);
    s41 = madd(x, b1, s41);
    s42 = madd(x, b2, s42);
    s43 = madd(x, b3, s43);
    a4 += aDepth;
    x = v128.load_splat<f32>(a5);
    s50 = madd(x, b0, s50);
    s51 = madd(x, b1, s51);
    s52 = madd(x, b2, s52);
    s53 = madd(x, b3, s53);
    a5 += aDepth;
  }
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow, c4 = c3 + cRow, c5 = c4 + cRow;
  if (add) {
    s00 = f32x4.add(s00, v128.load(c));
    s01 = f32x4.add(s01, v128.load(c, 16));
    s02 = f32x4.add(s02, v128.load(c, 32));
    s03 = f32x4.add(s03, v128.load(c, 48));
    s10 = f32x4.add(s10, v128.load(c1));
    s11 = f32x4.add(s11, v128.load(c1, 16));
    s12 = f32x4.add(s12, v128.load(c1, 32));
    s13 = f32x4.add(s13, v128.load(c1, 48));
    s20 = f32x4.add(s20, v128.load(c2));
    s21 = f32x4.add(s21, v128.load(c2, 16));
    s22 = f32x4.add(s22, v128.load(c2, 32));
    s23 = f32x4.add(s23, v128.load(c2, 48));
    s30 = f32x4.add(s30, v128.load(c3));
    s31 = f32x4.add(s31, v128.load(c3, 16));
    s32 = f32x4.add(s32, v128.load(c3, 32));
    s33 = f32x4.add(s33, v128.load(c3, 48));
    s40 = f32x4.add(s40, v128.load(c4));
    s41 = f32x4.add(s41, v128.load(c4, 16));
    s42 = f32x4.add(s42, v128.load(c4, 32));
    s43 = f32x4.add(s43, v128.load(c4, 48));
    s50 = f32x4.add(s50, v128.load(c5));
    s51 = f32x4.add(s51, v128.load(c5, 16));
    s52 = f32x4.add(s52, v128.load(c5, 32));
    s53 = f32x4.add(s53, v128.load(c5, 48));
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s02, 32);
  v128.store(c, s03, 48);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c1, s12, 32);
  v128.store(c1, s13, 48);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c2, s22, 32);
  v128.store(c2, s23, 48);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
  v128.store(c3, s32, 32);
  v128.store(c3, s33, 48);
  v128.store(c4, s40);
  v128.store(c4, s41, 16);
  v128.store(c4, s42, 32);
  v128.store(c4, s43, 48);
  v128.store(c5, s50);
  v128.store(c5, s51, 16);
  v128.store(c5, s52, 32);
  v128.store(c5, s53, 48);
}

/** Eight rows of four sums, written one after another; the operands are panels [depths][8] and [depths][4]. */
export function multiply8x4(depths: i32, a: usize, b: usize, to: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  const end = a + (<usize>depths << 5);
  for (; a < end; a += 32, b += 16) {
    const y = v128.load(b);
    s0 = madd(v128.load_splat<f32>(a), y, s0);
    s1 = madd(v128.load_splat<f32>(a, 4), y, s1);
    s2 = madd(v128.load_splat<f32>(a, 8), y, s2);
    s3 = madd(v128.load_splat<f32>(a, 12), y, s3);
    s4 = madd(v128.load_splat<f32>(a, 16), y, s4);
    s5 = madd(v128.load_splat<f32>(a, 20), y, s5);
    s6 = madd(v128.load_splat<f32>(a, 24), y, s6);
    s7 = madd(v128.load_splat<f32>(a, 28), y, s7);
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
export function merge(
  tile: usize,
  bytes: usize,
  addresses: usize,
  rows: i32,
  column: usize,
  columns: i32,
  add: bool,
): void {
  for (let r = 0; r < rows; r++, tile += bytes, addresses += 4) {
    const to = load<usize>(addresses) + column;
    for (let c: usize = 0; c < <usize>columns << 2; c += 4) {
      store<f32>(to + c, add ? load<f32>(to + c) + load<f32>(tile + c) : load<f32>(tile + c));
    }
  }
}

/** a * b + c: in one rounding where the module is compiled for relaxed SIMD and the processor can, in two otherwise. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}
