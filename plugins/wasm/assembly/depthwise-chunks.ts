/** Chunks of a convolution of each channel by itself: blocks of rows, or of a filter's gradient blocks of channels. */
import {Pool} from './pool';
import {Scratch} from './scratch';
import {madd} from './tiles';

/** Channels of a chunk of a filter's gradient: a cache line. */
export const CHANNELS: i32 = 16;
/** Pixels that are computed side by side. */
const PIXELS: i32 = 4;

@unmanaged
export class Depthwise {
  x: usize;
  filter: usize;
  y: usize;
  batch: i32;
  channels: i32;
  fromHeight: i32;
  fromWidth: i32;
  toHeight: i32;
  toWidth: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideY: i32;
  strideX: i32;
  dilationY: i32;
  dilationX: i32;
  padTop: i32;
  padLeft: i32;
  /** 1: from the gradient of the result to that of the input. */
  back: i32;
  blockRows: i32;
  blocks: i32;
}

@inline
export function described(pool: Pool): Depthwise {
  return changetype<Depthwise>(pool.struct(0));
}

/** The line that a tap reads for a line of the result, or -1. */
@inline
function source(back: bool, to: i32, tap: i32, stride: i32, dilation: i32, pad: i32, size: i32): i32 {
  if (!back) {
    const from = to * stride - pad + tap * dilation;
    return <u32>from < <u32>size ? from : -1;
  }
  const from = to + pad - tap * dilation;
  return from >= 0 && from % stride == 0 && from / stride < size ? from / stride : -1;
}

export function depthwiseConvChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const d = described(pool);
  const back = d.back == 1;
  const image = chunk / d.blocks;
  const first = chunk % d.blocks * d.blockRows;
  const end = min(first + d.blockRows, d.toHeight);
  const pixel = <usize>d.channels << 2;
  const x = d.x + <usize>(image * d.fromHeight * d.fromWidth) * pixel;
  let y = d.y + <usize>((image * d.toHeight + first) * d.toWidth) * pixel;
  // columns of the result that see the filter's whole width, if neighbours see neighbours
  const start = back ? (d.filterWidth - 1) * d.dilationX - d.padLeft : (d.padLeft + d.strideX - 1) / d.strideX;
  const reach = d.fromWidth - 1 + d.padLeft - (d.filterWidth - 1) * d.dilationX;
  const stop = back ? d.fromWidth - d.padLeft : reach < 0 ? 0 : reach / d.strideX + 1;
  const even = !back || d.strideX == 1;
  const step = back ? pixel : <usize>d.strideX * pixel;
  for (let i = first; i < end; i++) {
    for (let j = 0; j < d.toWidth; ) {
      const many = even && j >= start && j + PIXELS <= min(stop, d.toWidth);
      const taps = listTaps(d, back, x, i, j, scratch.tmp);
      if (many) mixFour(scratch.tmp, taps, step, y, pixel);
      else mixOne(scratch.tmp, taps, y, pixel);
      const done = many ? PIXELS : 1;
      j += done;
      y += <usize>done * pixel;
    }
  }
}

/** Writes the addresses of the pixels that are seen and of their weights; returns the end of the list. */
function listTaps(d: Depthwise, back: bool, x: usize, i: i32, j: i32, to: usize): usize {
  const pixel = <usize>d.channels << 2;
  for (let ty = 0; ty < d.filterHeight; ty++) {
    const row = source(back, i, ty, d.strideY, d.dilationY, d.padTop, d.fromHeight);
    if (row < 0) continue;
    for (let tx = 0; tx < d.filterWidth; tx++) {
      const column = source(back, j, tx, d.strideX, d.dilationX, d.padLeft, d.fromWidth);
      if (column < 0) continue;
      store<usize>(to, x + <usize>(row * d.fromWidth + column) * pixel);
      store<usize>(to, d.filter + <usize>(ty * d.filterWidth + tx) * pixel, 4);
      to += 8;
    }
  }
  return to;
}

/** y[c] = sum of x[c] weight[c] over the list. */
function mixOne(list: usize, end: usize, y: usize, bytes: usize): void {
  let c: usize = 0;
  for (; c + 32 <= bytes; c += 32) {
    let s0 = f32x4.splat(0), s1 = s0;
    for (let at = list; at < end; at += 8) {
      const x = load<usize>(at) + c, f = load<usize>(at, 4) + c;
      s0 = madd(v128.load(x), v128.load(f), s0);
      s1 = madd(v128.load(x, 16), v128.load(f, 16), s1);
    }
    v128.store(y + c, s0);
    v128.store(y + c, s1, 16);
  }
  mixRest(list, end, 0, y, c, bytes);
}

/** The last channels of a pixel, `offset` bytes after the one of the list. */
function mixRest(list: usize, end: usize, offset: usize, y: usize, c: usize, bytes: usize): void {
  for (; c + 16 <= bytes; c += 16) {
    let sum = f32x4.splat(0);
    for (let at = list; at < end; at += 8) {
      sum = madd(v128.load(load<usize>(at) + offset + c), v128.load(load<usize>(at, 4) + c), sum);
    }
    v128.store(y + c, sum);
  }
  for (; c < bytes; c += 4) {
    let sum: f32 = 0;
    for (let at = list; at < end; at += 8) {
      sum += load<f32>(load<usize>(at) + offset + c) * load<f32>(load<usize>(at, 4) + c);
    }
    store<f32>(y + c, sum);
  }
}

/** The same for four pixels, whose inputs are `step` bytes apart. */
function mixFour(list: usize, end: usize, step: usize, y: usize, bytes: usize): void {
  const y1 = y + bytes, y2 = y1 + bytes, y3 = y2 + bytes;
  let c: usize = 0;
  for (; c + 32 <= bytes; c += 32) {
    let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    for (let at = list; at < end; at += 8) {
      const x = load<usize>(at) + c, f = load<usize>(at, 4) + c;
      const f0 = v128.load(f), f1 = v128.load(f, 16);
      s00 = madd(v128.load(x), f0, s00);
      s01 = madd(v128.load(x, 16), f1, s01);
      const x1 = x + step;
      s10 = madd(v128.load(x1), f0, s10);
      s11 = madd(v128.load(x1, 16), f1, s11);
      const x2 = x1 + step;
      s20 = madd(v128.load(x2), f0, s20);
      s21 = madd(v128.load(x2, 16), f1, s21);
      const x3 = x2 + step;
      s30 = madd(v128.load(x3), f0, s30);
      s31 = madd(v128.load(x3, 16), f1, s31);
    }
    v128.store(y + c, s00);
    v128.store(y + c, s01, 16);
    v128.store(y1 + c, s10);
    v128.store(y1 + c, s11, 16);
    v128.store(y2 + c, s20);
    v128.store(y2 + c, s21, 16);
    v128.store(y3 + c, s30);
    v128.store(y3 + c, s31, 16);
  }
  if (c == bytes) return;
  mixRest(list, end, 0, y, c, bytes);
  mixRest(list, end, step, y1, c, bytes);
  mixRest(list, end, 2 * step, y2, c, bytes);
  mixRest(list, end, 3 * step, y3, c, bytes);
}

/** The filter's gradient for a block of channels, over all positions. */
export function depthwiseFilterChunk(chunk: i32, pool: Pool): void {
  const d = described(pool);
  const pixel = <usize>d.channels << 2;
  const begin = <usize>(chunk * CHANNELS) << 2;
  const end = min(begin + (<usize>CHANNELS << 2), pixel);
  for (let tap = 0; tap < d.filterHeight * d.filterWidth; tap++) {
    memory.fill(d.filter + <usize>tap * pixel + begin, 0, end - begin);
  }
  for (let n = 0; n < d.batch; n++) {
    for (let i = 0; i < d.toHeight; i++) {
      const dy = d.y + <usize>((n * d.toHeight + i) * d.toWidth) * pixel;
      for (let ty = 0; ty < d.filterHeight; ty++) {
        const row = source(false, i, ty, d.strideY, d.dilationY, d.padTop, d.fromHeight);
        if (row < 0) continue;
        const x = d.x + <usize>((n * d.fromHeight + row) * d.fromWidth) * pixel;
        addRow(d, x, dy, d.filter + <usize>(ty * d.filterWidth) * pixel, begin, end);
      }
    }
  }
}

/** What one row of dy and the row of x under a row of taps give, for the bytes `begin` to `end` of a pixel. */
function addRow(d: Depthwise, x: usize, dy: usize, filter: usize, begin: usize, end: usize): void {
  const pixel = <usize>d.channels << 2;
  const step = <usize>d.strideX * pixel;
  // columns that see all taps of the row; the last taps begin to see x first, and cease first
  const inner = min(firstColumn(d, 0), d.toWidth);
  const outer = max(endColumn(d, d.filterWidth - 1), inner);
  const three = d.filterWidth % 3 == 0;
  const together = three ? 3 : d.filterWidth % 4 == 0 ? 4 : 1;
  for (let tx = 0; tx < d.filterWidth; tx += together) {
    const to = filter + <usize>tx * pixel;
    if (together == 1) {
      addTap(d, x, dy, to, tx, firstColumn(d, tx), endColumn(d, tx), begin, end);
      continue;
    }
    const from = x + <usize>(inner * d.strideX + tx * d.dilationX - d.padLeft) * pixel;
    let c = begin;
    for (; c + 32 <= end; c += 32) {
      const slopes = dy + <usize>inner * pixel + c;
      if (three) addThree(from + c, step, <usize>d.dilationX * pixel, slopes, pixel, outer - inner, to + c);
      else addFour(from + c, step, <usize>d.dilationX * pixel, slopes, pixel, outer - inner, to + c);
    }
    for (let t = tx; t < tx + together; t++) {
      const tap = filter + <usize>t * pixel;
      const first = firstColumn(d, t), last = endColumn(d, t);
      addTap(d, x, dy, tap, t, first, min(inner, last), begin, c);
      addTap(d, x, dy, tap, t, max(outer, first), last, begin, c);
      addTap(d, x, dy, tap, t, first, last, c, end);
    }
  }
}

/** The first column whose tap is not left of x, and the one from which on it is right of x. */
@inline
function firstColumn(d: Depthwise, tap: i32): i32 {
  return max(d.padLeft - tap * d.dilationX + d.strideX - 1, 0) / d.strideX;
}
@inline
function endColumn(d: Depthwise, tap: i32): i32 {
  const reach = d.fromWidth - 1 + d.padLeft - tap * d.dilationX;
  return reach < 0 ? 0 : min(reach / d.strideX + 1, d.toWidth);
}

/** One tap over the columns `first` to `last`. */
function addTap(
  d: Depthwise, x: usize, dy: usize, to: usize, tap: i32, first: i32, last: i32, begin: usize, end: usize,
): void {
  if (first >= last || begin >= end) return;
  const pixel = <usize>d.channels << 2;
  const step = <usize>d.strideX * pixel;
  const from = x + <usize>(first * d.strideX + tap * d.dilationX - d.padLeft) * pixel;
  const slopes = dy + <usize>first * pixel;
  let c = begin;
  for (; c + 16 <= end; c += 16) {
    let sum = v128.load(to + c);
    let a = from + c, b = slopes + c;
    for (let j = first; j < last; j++, a += step, b += pixel) sum = madd(v128.load(a), v128.load(b), sum);
    v128.store(to + c, sum);
  }
  for (; c < end; c += 4) {
    let sum = load<f32>(to + c);
    let a = from + c, b = slopes + c;
    for (let j = first; j < last; j++, a += step, b += pixel) sum += load<f32>(a) * load<f32>(b);
    store<f32>(to + c, sum);
  }
}

/** Three neighbouring taps, eight channels. */
function addThree(a: usize, step: usize, next: usize, b: usize, pixel: usize, count: i32, to: usize): void {
  const to1 = to + pixel, to2 = to1 + pixel;
  let s00 = v128.load(to), s01 = v128.load(to, 16);
  let s10 = v128.load(to1), s11 = v128.load(to1, 16);
  let s20 = v128.load(to2), s21 = v128.load(to2, 16);
  for (; count > 0; count--, a += step, b += pixel) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    s00 = madd(v128.load(a), b0, s00);
    s01 = madd(v128.load(a, 16), b1, s01);
    const a1 = a + next;
    s10 = madd(v128.load(a1), b0, s10);
    s11 = madd(v128.load(a1, 16), b1, s11);
    const a2 = a1 + next;
    s20 = madd(v128.load(a2), b0, s20);
    s21 = madd(v128.load(a2, 16), b1, s21);
  }
  v128.store(to, s00);
  v128.store(to, s01, 16);
  v128.store(to1, s10);
  v128.store(to1, s11, 16);
  v128.store(to2, s20);
  v128.store(to2, s21, 16);
}

/** Four neighbouring taps, eight channels. */
function addFour(a: usize, step: usize, next: usize, b: usize, pixel: usize, count: i32, to: usize): void {
  const to1 = to + pixel, to2 = to1 + pixel, to3 = to2 + pixel;
  let s00 = v128.load(to), s01 = v128.load(to, 16);
  let s10 = v128.load(to1), s11 = v128.load(to1, 16);
  let s20 = v128.load(to2), s21 = v128.load(to2, 16);
  let s30 = v128.load(to3), s31 = v128.load(to3, 16);
  for (; count > 0; count--, a += step, b += pixel) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    s00 = madd(v128.load(a), b0, s00);
    s01 = madd(v128.load(a, 16), b1, s01);
    const a1 = a + next;
    s10 = madd(v128.load(a1), b0, s10);
    s11 = madd(v128.load(a1, 16), b1, s11);
    const a2 = a1 + next;
    s20 = madd(v128.load(a2), b0, s20);
    s21 = madd(v128.load(a2, 16), b1, s21);
    const a3 = a2 + next;
    s30 = madd(v128.load(a3), b0, s30);
    s31 = madd(v128.load(a3, 16), b1, s31);
  }
  v128.store(to, s00);
  v128.store(to, s01, 16);
  v128.store(to1, s10);
  v128.store(to1, s11, 16);
  v128.store(to2, s20);
  v128.store(to2, s21, 16);
  v128.store(to3, s30);
  v128.store(to3, s31, 16);
}
