/** The inner loops of the matrix product: 32 sums in 8 of 16 SIMD registers. */
import {madd} from './madd';

/** The tile: four rows of eight sums over the depth of a panel of A [depths][4] and one of B [depths][8]. */
export function multiply4x8(depths: i32, a: usize, b: usize, c0: usize, c1: usize, c2: usize, c3: usize, add: bool): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const end = a + (<usize>depths << 4);
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load_splat<f32>(a, 4);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load_splat<f32>(a, 8);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load_splat<f32>(a, 12);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
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

/**
 * The tile with A as it lies in memory: four rows, `rowBytes` apart, with the depth along them. B is a panel [depths][8].
 */
export function multiplyRows4x8(depths: i32, a: usize, rowBytes: usize, b: usize, c: usize, cBytes: usize, add: bool): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const c1 = c + cBytes, c2 = c1 + cBytes, c3 = c2 + cBytes;
  if (add) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  // Four times unrolled, this loop spills registers.
  const end = b + (<usize>depths << 5);
  for (let a1 = a + rowBytes, a2 = a1 + rowBytes, a3 = a2 + rowBytes; b < end; a += 4, a1 += 4, a2 += 4, a3 += 4, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load_splat<f32>(a1);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load_splat<f32>(a2);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load_splat<f32>(a3);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
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

/** The tile with both operands as they lie in memory, their depths `aBytes` and `bBytes` apart: a^T b. */
export function multiplyColumns4x8(
  depths: i32, a: usize, aBytes: usize, b: usize, bBytes: usize, c: usize, cBytes: usize, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const c1 = c + cBytes, c2 = c1 + cBytes, c3 = c2 + cBytes;
  if (add) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  for (; depths > 0; depths--, a += aBytes, b += bBytes) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    s00 = madd(x, b0, s00);
    s01 = madd(x, b1, s01);
    x = v128.load_splat<f32>(a, 4);
    s10 = madd(x, b0, s10);
    s11 = madd(x, b1, s11);
    x = v128.load_splat<f32>(a, 8);
    s20 = madd(x, b0, s20);
    s21 = madd(x, b1, s21);
    x = v128.load_splat<f32>(a, 12);
    s30 = madd(x, b0, s30);
    s31 = madd(x, b1, s31);
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
export function merge(tile: usize, bytes: usize, addresses: usize, rows: i32, column: usize, columns: i32, add: bool): void {
  for (let r = 0; r < rows; r++, tile += bytes, addresses += 4) {
    const to = load<usize>(addresses) + column;
    for (let c: usize = 0; c < <usize>columns << 2; c += 4) {
      store<f32>(to + c, add ? load<f32>(to + c) + load<f32>(tile + c) : load<f32>(tile + c));
    }
  }
}
