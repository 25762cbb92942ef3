export function sqrt(x: usize, out: usize, count: i32): void {
  for (; count >= 4; count -= 4, x += 16, out += 16) v128.store(out, f32x4.sqrt(v128.load(x)));
  for (; count > 0; count--, x += 4, out += 4) store<f32>(out, Mathf.sqrt(load<f32>(x)));
}

export function rsqrt(x: usize, out: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (; count >= 4; count -= 4, x += 16, out += 16) v128.store(out, f32x4.div(one, f32x4.sqrt(v128.load(x))));
  for (; count > 0; count--, x += 4, out += 4) store<f32>(out, 1 / Mathf.sqrt(load<f32>(x)));
}
