/** One image seen through its affine map, or the gradient of that. */
import {Pool} from './pool';

@unmanaged
export class AffineSample {
  source: usize;
  maps: usize;
  seen: usize;
  height: i32;
  width: i32;
  outHeight: i32;
  outWidth: i32;
  channels: i32;
  /** What lies outside: 1 the reflection, 0 zero. */
  reflect: i32;
}

@inline
export function sampling(pool: Pool): AffineSample {
  return changetype<AffineSample>(pool.struct(0));
}

/** Column x = a j + b i + c and row y = d j + e i + f of the source for row i, column j of what is seen. */
@unmanaged
class AffineMap {
  a: f32;
  b: f32;
  c: f32;
  d: f32;
  e: f32;
  f: f32;

  /** Whole pixels are shifted by whole pixels. */
  @inline get shifts(): bool {
    return this.a == 1 && this.b == 0 && this.d == 0 && this.e == 1 && Mathf.floor(this.c) == this.c
      && Mathf.floor(this.f) == this.f;
  }
}

@inline
function mapOf(s: AffineSample, image: i32): AffineMap {
  return changetype<AffineMap>(s.maps + <usize>image * offsetof<AffineMap>());
}

export function affineSampleChunk(image: i32, pool: Pool): void {
  const s = sampling(pool);
  const map = mapOf(s, image);
  const pixelBytes = <usize>s.channels << 2;
  const source = s.source + <usize>(image * s.height * s.width) * pixelBytes;
  let out = s.seen + <usize>(image * s.outHeight * s.outWidth) * pixelBytes;
  if (map.shifts) return shiftImage(s, map, source, out, false);
  const rowBytes = <usize>s.width * pixelBytes;
  for (let i = 0; i < s.outHeight; i++) {
    for (let j = 0; j < s.outWidth; j++, out += pixelBytes) {
      const x = map.a * f32(j) + map.b * f32(i) + map.c;
      const y = map.d * f32(j) + map.e * f32(i) + map.f;
      const left = Mathf.floor(x);
      const top = Mathf.floor(y);
      const shareX = x - left;
      const shareY = y - top;
      const x0 = place(s, i32(left), s.width);
      const x1 = place(s, i32(left) + 1, s.width);
      const y0 = place(s, i32(top), s.height);
      const y1 = place(s, i32(top) + 1, s.height);
      const w00 = share(1 - shareY, y0) * share(1 - shareX, x0);
      const w01 = share(1 - shareY, y0) * share(shareX, x1);
      const w10 = share(shareY, y1) * share(1 - shareX, x0);
      const w11 = share(shareY, y1) * share(shareX, x1);
      const upper = source + <usize>max(y0, 0) * rowBytes;
      const lower = source + <usize>max(y1, 0) * rowBytes;
      const before = <usize>max(x0, 0) * pixelBytes;
      const after = <usize>max(x1, 0) * pixelBytes;
      for (let k: usize = 0; k < pixelBytes; k += 4) {
        store<f32>(
          out + k,
          load<f32>(upper + before + k) * w00 + load<f32>(upper + after + k) * w01 + load<f32>(lower + before + k) * w10
            + load<f32>(lower + after + k) * w11,
        );
      }
    }
  }
}

export function affineSampleTransposeChunk(image: i32, pool: Pool): void {
  const s = sampling(pool);
  const map = mapOf(s, image);
  const pixelBytes = <usize>s.channels << 2;
  const rowBytes = <usize>s.width * pixelBytes;
  const source = s.source + <usize>(image * s.height * s.width) * pixelBytes;
  let dy = s.seen + <usize>(image * s.outHeight * s.outWidth) * pixelBytes;
  memory.fill(source, 0, <usize>s.height * rowBytes);
  if (map.shifts) return shiftImage(s, map, source, dy, true);
  for (let i = 0; i < s.outHeight; i++) {
    for (let j = 0; j < s.outWidth; j++, dy += pixelBytes) {
      const x = map.a * f32(j) + map.b * f32(i) + map.c;
      const y = map.d * f32(j) + map.e * f32(i) + map.f;
      const left = Mathf.floor(x);
      const top = Mathf.floor(y);
      const shareX = x - left;
      const shareY = y - top;
      const x0 = place(s, i32(left), s.width);
      const x1 = place(s, i32(left) + 1, s.width);
      const y0 = place(s, i32(top), s.height);
      const y1 = place(s, i32(top) + 1, s.height);
      add(source, y0, x0, rowBytes, pixelBytes, dy, share(1 - shareY, y0) * share(1 - shareX, x0));
      add(source, y0, x1, rowBytes, pixelBytes, dy, share(1 - shareY, y0) * share(shareX, x1));
      add(source, y1, x0, rowBytes, pixelBytes, dy, share(shareY, y1) * share(1 - shareX, x0));
      add(source, y1, x1, rowBytes, pixelBytes, dy, share(shareY, y1) * share(shareX, x1));
    }
  }
}

/** Where a place on an axis is in the image; -1 if it is outside, in zeros. */
@inline
function place(s: AffineSample, at: i32, side: i32): i32 {
  return <u32>at < <u32>side ? at : outside(s, at, side);
}

function outside(s: AffineSample, at: i32, side: i32): i32 {
  if (s.reflect == 0) return -1;
  if (side == 1) return 0;
  const period = 2 * (side - 1);
  const inPeriod = ((at % period) + period) % period;
  return min(inPeriod, period - inPeriod);
}

@inline
function share(weight: f32, at: i32): f32 {
  return at < 0 ? 0 : weight;
}

/** Adds a share of the pixel at `dy` to the pixel (y, x). */
@inline
function add(source: usize, y: i32, x: i32, rowBytes: usize, pixelBytes: usize, dy: usize, weight: f32): void {
  if (weight == 0) return;
  const pixel = source + <usize>y * rowBytes + <usize>x * pixelBytes;
  for (let k: usize = 0; k < pixelBytes; k += 4) {
    store<f32>(pixel + k, load<f32>(pixel + k) + load<f32>(dy + k) * weight);
  }
}

/** The map shifts by whole pixels: rows are copied, or in the transpose added. */
function shiftImage(s: AffineSample, map: AffineMap, source: usize, seen: usize, transposed: bool): void {
  const pixelBytes = <usize>s.channels << 2;
  const right = i32(map.c);
  const down = i32(map.f);
  // the columns of what is seen whose pixels are inside
  const first = min(max(-right, 0), s.outWidth);
  const end = max(min(s.width - right, s.outWidth), first);
  const bytes = <usize>(end - first) * pixelBytes;
  for (let i = 0; i < s.outHeight; i++, seen += <usize>s.outWidth * pixelBytes) {
    const y = place(s, i + down, s.height);
    if (y < 0) {
      if (!transposed) memory.fill(seen, 0, <usize>s.outWidth * pixelBytes);
      continue;
    }
    const row = source + <usize>(y * s.width) * pixelBytes;
    const inside = seen + <usize>first * pixelBytes;
    if (bytes > 0) {
      const from = row + <usize>(first + right) * pixelBytes;
      if (transposed) addBytes(from, inside, bytes);
      else memory.copy(inside, from, bytes);
    }
    for (let j = 0; j < s.outWidth; j++) {
      if (j == first) j = end;
      if (j >= s.outWidth) break;
      const x = place(s, j + right, s.width);
      const pixel = seen + <usize>j * pixelBytes;
      if (x < 0) {
        if (!transposed) memory.fill(pixel, 0, pixelBytes);
        continue;
      }
      if (transposed) addBytes(row + <usize>x * pixelBytes, pixel, pixelBytes);
      else memory.copy(pixel, row + <usize>x * pixelBytes, pixelBytes);
    }
  }
}

function addBytes(to: usize, from: usize, bytes: usize): void {
  let k: usize = 0;
  for (; k + 16 <= bytes; k += 16) v128.store(to + k, f32x4.add(v128.load(to + k), v128.load(from + k)));
  for (; k < bytes; k += 4) store<f32>(to + k, load<f32>(to + k) + load<f32>(from + k));
}
