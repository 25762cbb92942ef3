/**
 * Hyperbolic tangent of `count` numbers, by the rational approximation x * P(x^2) / Q(x^2) on [-7.9, 7.9], beyond which
 * tanh rounds to 1 in float32. Coefficients: Eigen, `generic_fast_tanh_float` (MathFunctionsImpl.h). Relative error
 * below 1e-6.
 */
export function tanh(x: usize, out: usize, count: i32): void {
  for (; count >= 4; count -= 4, x += 16, out += 16) v128.store(out, tanh4(v128.load(x)));
  for (; count > 0; count--, x += 4, out += 4) store<f32>(out, f32x4.extract_lane(tanh4(f32x4.splat(load<f32>(x))), 0));
}

@inline
function step(sum: v128, x: v128, coefficient: f32): v128 {
  return f32x4.add(f32x4.mul(sum, x), f32x4.splat(coefficient));
}

function tanh4(value: v128): v128 {
  const x = f32x4.min(f32x4.max(value, f32x4.splat(-7.90531110763549805)), f32x4.splat(7.90531110763549805));
  const x2 = f32x4.mul(x, x);
  let p = step(f32x4.splat(-2.76076847742355e-16), x2, 2.00018790482477e-13);
  p = step(p, x2, -8.60467152213735e-11);
  p = step(p, x2, 5.12229709037114e-08);
  p = step(p, x2, 1.48572235717979e-05);
  p = step(p, x2, 6.37261928875436e-04);
  p = step(p, x2, 4.89352455891786e-03);
  let q = step(f32x4.splat(1.19825839466702e-06), x2, 1.18534705686654e-04);
  q = step(q, x2, 2.26843463243900e-03);
  q = step(q, x2, 4.89352518554385e-03);
  const ratio = f32x4.div(f32x4.mul(x, p), q);
  // Where |x| is small, tanh(x) = x to the last bit, and the ratio is off by one.
  return v128.bitselect(value, ratio, f32x4.lt(f32x4.abs(value), f32x4.splat(0.0004)));
}
