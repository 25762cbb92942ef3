/** A block of rows of pixel norm, and of its gradient. */
import {Pool} from './pool';
import {madd} from './tiles';

@unmanaged
export class PixelNorm {
  x: usize;
  /** Of the gradient. */
  dy: usize;
  out: usize;
  rows: i32;
  channels: i32;
  blockRows: i32;
  eps: f32;
}

@inline
export function described(pool: Pool): PixelNorm {
  return changetype<PixelNorm>(pool.struct(0));
}

export function pixelNormChunk(chunk: i32, pool: Pool): void {
  const p = described(pool);
  const bytes = <usize>p.channels << 2;
  const first = chunk * p.blockRows;
  const start = <usize>first * bytes;
  const end = start + <usize>min(p.blockRows, p.rows - first) * bytes;
  for (let at = start; at < end; at += bytes) scaled(p.x + at, p.out + at, bytes, inverse(p, p.x + at, bytes));
}

/** dx = (dy - y mean(y dy)) / length, where y = x / length. */
export function pixelNormGradChunk(chunk: i32, pool: Pool): void {
  const p = described(pool);
  const bytes = <usize>p.channels << 2;
  const first = chunk * p.blockRows;
  const start = <usize>first * bytes;
  const end = start + <usize>min(p.blockRows, p.rows - first) * bytes;
  for (let at = start; at < end; at += bytes) {
    const x = p.x + at, dy = p.dy + at, out = p.out + at;
    const factor = inverse(p, x, bytes);
    const along = dot(x, dy, bytes) / <f32>p.channels * factor * factor;
    const f = f32x4.splat(factor), g = f32x4.splat(along);
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16)
      v128.store(out + c, f32x4.mul(f, f32x4.sub(v128.load(dy + c), f32x4.mul(g, v128.load(x + c)))));
    for (; c < bytes; c += 4) store<f32>(out + c, factor * (load<f32>(dy + c) - along * load<f32>(x + c)));
  }
}

/** 1 / sqrt(mean(x^2) + eps). */
@inline
function inverse(p: PixelNorm, x: usize, bytes: usize): f32 {
  return 1 / Mathf.sqrt(dot(x, x, bytes) / <f32>p.channels + p.eps);
}

@inline
function scaled(x: usize, out: usize, bytes: usize, factor: f32): void {
  const f = f32x4.splat(factor);
  let c: usize = 0;
  for (; c + 16 <= bytes; c += 16) v128.store(out + c, f32x4.mul(f, v128.load(x + c)));
  for (; c < bytes; c += 4) store<f32>(out + c, factor * load<f32>(x + c));
}

@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  let sum = f32x4.splat(0), other = sum;
  let c: usize = 0;
  for (; c + 32 <= bytes; c += 32) {
    sum = madd(v128.load(a + c), v128.load(b + c), sum);
    other = madd(v128.load(a + c, 16), v128.load(b + c, 16), other);
  }
  if (c + 16 <= bytes) {
    sum = madd(v128.load(a + c), v128.load(b + c), sum);
    c += 16;
  }
  sum = f32x4.add(sum, other);
  let rest: f32 = 0;
  for (; c < bytes; c += 4) rest += load<f32>(a + c) * load<f32>(b + c);
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2)
    + f32x4.extract_lane(sum, 3) + rest;
}
