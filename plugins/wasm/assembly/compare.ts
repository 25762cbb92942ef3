/**
 * out[i] = a[i] > b[i], or >= if `orEqual`; float32 in, bool (one byte) out. A stride of 0 repeats one number, one of 4
 * walks through an array.
 */
export function greater(a: usize, strideA: i32, b: usize, strideB: i32, out: usize, count: i32, orEqual: bool): void {
  for (; count >= 16; count -= 16, out += 16) {
    const p = four(a, strideA, b, strideB, orEqual);
    const q = four(a + 4 * strideA, strideA, b + 4 * strideB, strideB, orEqual);
    const r = four(a + 8 * strideA, strideA, b + 8 * strideB, strideB, orEqual);
    const s = four(a + 12 * strideA, strideA, b + 12 * strideB, strideB, orEqual);
    // Lanes are 0 or -1: narrowing keeps them, and 1 is what a bool looks like.
    const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s));
    v128.store(out, v128.and(bytes, i8x16.splat(1)));
    a += 16 * strideA;
    b += 16 * strideB;
  }
  for (; count > 0; count--, a += strideA, b += strideB, out++) {
    store<u8>(out, orEqual ? load<f32>(a) >= load<f32>(b) : load<f32>(a) > load<f32>(b));
  }
}

@inline
function four(a: usize, strideA: i32, b: usize, strideB: i32, orEqual: bool): v128 {
  const x = strideA ? v128.load(a) : v128.load_splat<f32>(a);
  const y = strideB ? v128.load(b) : v128.load_splat<f32>(b);
  return orEqual ? f32x4.ge(x, y) : f32x4.gt(x, y);
}

/** out[i] = condition[i] ? a[i] : b[i]; condition is bool (one byte). */
export function select(condition: usize, a: usize, b: usize, out: usize, count: i32): void {
  const zero = i32x4.splat(0);
  for (; count >= 4; count -= 4, condition += 4, a += 16, b += 16, out += 16) {
    const mask = i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(condition))), zero);
    v128.store(out, v128.bitselect(v128.load(a), v128.load(b), mask));
  }
  for (; count > 0; count--, condition++, a += 4, b += 4, out += 4) {
    store<f32>(out, load<u8>(condition) ? load<f32>(a) : load<f32>(b));
  }
}
