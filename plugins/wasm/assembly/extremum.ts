/** out[i] = the larger (or smaller) of a[i] and b[i]; NaN wins. A stride of 0 repeats one number. */
export function extremum(a: usize, strideA: i32, b: usize, strideB: i32, out: usize, count: i32, larger: bool): void {
  for (; count >= 4; count -= 4, out += 16) {
    const x = strideA ? v128.load(a) : v128.load_splat<f32>(a);
    const y = strideB ? v128.load(b) : v128.load_splat<f32>(b);
    v128.store(out, larger ? f32x4.max(x, y) : f32x4.min(x, y));
    a += 4 * strideA;
    b += 4 * strideB;
  }
  for (; count > 0; count--, a += strideA, b += strideB, out += 4) {
    store<f32>(out, larger ? max(load<f32>(a), load<f32>(b)) : min(load<f32>(a), load<f32>(b)));
  }
}
