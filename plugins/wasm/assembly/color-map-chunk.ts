/** One image whose channels are mapped. */
import {Pool} from './pool';

@unmanaged
export class ColorMap {
  x: usize;
  matrices: usize;
  shifts: usize;
  means: usize;
  out: usize;
  pixels: i32;
  channels: i32;
}

@inline
export function mapping(pool: Pool): ColorMap {
  return changetype<ColorMap>(pool.struct(0));
}

export function colorMapChunk(image: i32, pool: Pool): void {
  const m = mapping(pool);
  const channels = m.channels;
  const rowBytes = <usize>channels << 2;
  const imageBytes = <usize>m.pixels * rowBytes;
  const x = m.x + <usize>image * imageBytes;
  const out = m.out + <usize>image * imageBytes;
  const matrix = m.matrices + <usize>(image * channels) * rowBytes;
  const shift = m.shifts + <usize>image * rowBytes;
  const share = load<f32>(m.means + (<usize>image << 2));
  const added: f32 = share == 0 ? 0 : share * meanOf(x, imageBytes);
  if (channels == 3) return mapThree(x, matrix, shift, added, out, imageBytes);
  for (let at: usize = 0; at < imageBytes; at += rowBytes) {
    for (let k: usize = 0; k < rowBytes; k += 4) {
      let sum: f32 = 0;
      for (let l: usize = 0; l < rowBytes; l += 4) {
        sum += load<f32>(x + at + l) * load<f32>(matrix + l * <usize>channels + k);
      }
      store<f32>(out + at + k, sum + (load<f32>(shift + k) + added));
    }
  }
}

/**
 * The same for three channels. A pixel's sums are the first three of four lanes: what the fourth one leaves in the next
 * pixel is written over, so the last pixel is computed by itself.
 */
function mapThree(x: usize, matrix: usize, shift: usize, added: f32, out: usize, bytes: usize): void {
  const m20 = load<f32>(matrix, 24), m21 = load<f32>(matrix, 28), m22 = load<f32>(matrix, 32);
  const s0 = load<f32>(shift) + added, s1 = load<f32>(shift, 4) + added, s2 = load<f32>(shift, 8) + added;
  const ofFirst = v128.load(matrix), ofSecond = v128.load(matrix, 12), ofThird = three(m20, m21, m22);
  const plus = three(s0, s1, s2);
  const last = bytes - 12;
  for (let at: usize = 0; at < last; at += 12) {
    const first = f32x4.mul(v128.load32_splat(x + at), ofFirst);
    const second = f32x4.mul(v128.load32_splat(x + at, 4), ofSecond);
    const third = f32x4.mul(v128.load32_splat(x + at, 8), ofThird);
    v128.store(out + at, f32x4.add(f32x4.add(f32x4.add(first, second), third), plus));
  }
  const a = load<f32>(x + last), b = load<f32>(x + last, 4), c = load<f32>(x + last, 8);
  store<f32>(out + last, a * load<f32>(matrix) + b * load<f32>(matrix, 12) + c * m20 + s0);
  store<f32>(out + last, a * load<f32>(matrix, 4) + b * load<f32>(matrix, 16) + c * m21 + s1, 4);
  store<f32>(out + last, a * load<f32>(matrix, 8) + b * load<f32>(matrix, 20) + c * m22 + s2, 8);
}

@inline
function three(a: f32, b: f32, c: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(a), 1, b), 2, c);
}

/** The mean of floats, summed in sixteen lanes. */
function meanOf(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), d = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    a = f32x4.add(a, v128.load(x + at));
    b = f32x4.add(b, v128.load(x + at, 16));
    c = f32x4.add(c, v128.load(x + at, 32));
    d = f32x4.add(d, v128.load(x + at, 48));
  }
  const all = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  let sum = f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1) + f32x4.extract_lane(all, 2)
    + f32x4.extract_lane(all, 3);
  for (; at < bytes; at += 4) sum += load<f32>(x + at);
  return sum / f32(bytes >> 2);
}
