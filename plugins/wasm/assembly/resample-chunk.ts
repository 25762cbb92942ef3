/** A block of rows of resampled images. */
import {Pool} from './pool';
import {Scratch} from './scratch';
import {madd} from './tiles';

@unmanaged
export class Resample {
  x: usize;
  y: usize;
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  channels: i32;
  /** Tables of taps. */
  rows: usize;
  columns: usize;
  /** A row of x for each thread. */
  lines: usize;
  /** Rows of y in a chunk, and chunks of an image. */
  blockRows: i32;
  blocks: i32;
}

@inline
export function described(pool: Pool): Resample {
  return changetype<Resample>(pool.struct(0));
}

export function resampleChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const r = described(pool);
  const image = chunk / r.blocks;
  const first = (chunk % r.blocks) * r.blockRows;
  const end = min(first + r.blockRows, r.outHeight);
  const lineBytes = <usize>(r.inWidth * r.channels) << 2;
  const rowBytes = <usize>(r.outWidth * r.channels) << 2;
  const x = r.x + <usize>(image * r.inHeight) * lineBytes;
  const buffer = r.lines + <usize>scratch.thread * lineBytes;
  const taps = r.rows + (<usize>(r.outHeight + 1) << 2);
  let y = r.y + <usize>(image * r.outHeight + first) * rowBytes;
  for (let i = first; i < end; i++, y += rowBytes) {
    const from = load<i32>(r.rows + (<usize>i << 2)), to = load<i32>(r.rows + (<usize>i << 2), 4);
    if (i > first && same(r.rows + (<usize>i << 2), taps)) {
      memory.copy(y, y - rowBytes, rowBytes);
      continue;
    }
    let line = buffer;
    const tap = taps + (<usize>from << 3);
    if (to - from == 1 && load<f32>(tap, 4) == 1) line = x + <usize>load<i32>(tap) * lineBytes;
    else mix(buffer, lineBytes, tap, to - from, x, lineBytes);
    mixColumns(r, line, y);
  }
}

/** Whether the row before has the same taps. */
function same(start: usize, taps: usize): bool {
  const before = load<i32>(start - 4), from = load<i32>(start), to = load<i32>(start, 4);
  if (from - before != to - from) return false;
  const bytes = <usize>(to - from) << 3;
  const a = taps + (<usize>before << 3), b = taps + (<usize>from << 3);
  for (let at: usize = 0; at < bytes; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false;
  return true;
}

function mixColumns(r: Resample, line: usize, y: usize): void {
  const pixelBytes = <usize>r.channels << 2;
  const taps = r.columns + (<usize>(r.outWidth + 1) << 2);
  let from = load<i32>(r.columns);
  for (let j = 0; j < r.outWidth; j++, y += pixelBytes) {
    const to = load<i32>(r.columns + (<usize>j << 2), 4);
    mix(y, pixelBytes, taps + (<usize>from << 3), to - from, line, pixelBytes);
    from = to;
  }
}

/** to[i] = sum of weight x[line, i] over the taps; lines of x are `bytes` long and `step` bytes apart. */
@inline
function mix(to: usize, bytes: usize, taps: usize, count: i32, x: usize, step: usize): void {
  if (count == 2) return mix2(to, bytes, taps, x, step);
  if (count == 1) return mix1(to, bytes, taps, x, step);
  if (count == 4) return mix4(to, bytes, taps, x, step);
  mixMany(to, bytes, taps, count, x, step);
}

@inline
function lineOf(tap: usize, x: usize, step: usize): usize {
  return x + <usize>load<i32>(tap) * step;
}

function mix1(to: usize, bytes: usize, taps: usize, x: usize, step: usize): void {
  const a = lineOf(taps, x, step);
  const weight = load<f32>(taps, 4);
  const w = f32x4.splat(weight);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a0 = v128.load(a + i), a1 = v128.load(a + i, 16);
    v128.store(to + i, f32x4.mul(w, a0));
    v128.store(to + i, f32x4.mul(w, a1), 16);
  }
  for (; i < bytes; i += 4) store<f32>(to + i, weight * load<f32>(a + i));
}

function mix2(to: usize, bytes: usize, taps: usize, x: usize, step: usize): void {
  const a = lineOf(taps, x, step), b = lineOf(taps + 8, x, step);
  const wa = v128.load_splat<f32>(taps, 4), wb = v128.load_splat<f32>(taps, 12);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a0 = v128.load(a + i), a1 = v128.load(a + i, 16);
    const b0 = v128.load(b + i), b1 = v128.load(b + i, 16);
    v128.store(to + i, madd(wb, b0, f32x4.mul(wa, a0)));
    v128.store(to + i, madd(wb, b1, f32x4.mul(wa, a1)), 16);
  }
  const va = load<f32>(taps, 4), vb = load<f32>(taps, 12);
  for (; i < bytes; i += 4) store<f32>(to + i, va * load<f32>(a + i) + vb * load<f32>(b + i));
}

function mix4(to: usize, bytes: usize, taps: usize, x: usize, step: usize): void {
  const a = lineOf(taps, x, step), b = lineOf(taps + 8, x, step);
  const c = lineOf(taps + 16, x, step), d = lineOf(taps + 24, x, step);
  const wa = v128.load_splat<f32>(taps, 4), wb = v128.load_splat<f32>(taps, 12);
  const wc = v128.load_splat<f32>(taps, 20), wd = v128.load_splat<f32>(taps, 28);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a0 = v128.load(a + i), a1 = v128.load(a + i, 16);
    const b0 = v128.load(b + i), b1 = v128.load(b + i, 16);
    const c0 = v128.load(c + i), c1 = v128.load(c + i, 16);
    const d0 = v128.load(d + i), d1 = v128.load(d + i, 16);
    v128.store(to + i, f32x4.add(madd(wb, b0, f32x4.mul(wa, a0)), madd(wd, d0, f32x4.mul(wc, c0))));
    v128.store(to + i, f32x4.add(madd(wb, b1, f32x4.mul(wa, a1)), madd(wd, d1, f32x4.mul(wc, c1))), 16);
  }
  const va = load<f32>(taps, 4), vb = load<f32>(taps, 12), vc = load<f32>(taps, 20), vd = load<f32>(taps, 28);
  for (; i < bytes; i += 4) {
    const ab = va * load<f32>(a + i) + vb * load<f32>(b + i);
    store<f32>(to + i, ab + (vc * load<f32>(c + i) + vd * load<f32>(d + i)));
  }
}

function mixMany(to: usize, bytes: usize, taps: usize, count: i32, x: usize, step: usize): void {
  const end = taps + (<usize>count << 3);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    let s0 = f32x4.splat(0), s1 = s0;
    for (let tap = taps; tap < end; tap += 8) {
      const from = lineOf(tap, x, step) + i;
      const w = v128.load_splat<f32>(tap, 4);
      s0 = madd(w, v128.load(from), s0);
      s1 = madd(w, v128.load(from, 16), s1);
    }
    v128.store(to + i, s0);
    v128.store(to + i, s1, 16);
  }
  for (; i < bytes; i += 4) {
    let sum: f32 = 0;
    for (let tap = taps; tap < end; tap += 8) sum += load<f32>(tap, 4) * load<f32>(lineOf(tap, x, step) + i);
    store<f32>(to + i, sum);
  }
}
