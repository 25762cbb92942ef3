import {PANEL, SIDE} from './lanes';
import {Minimal, minimal, plane, row} from './minimal';
import {transformTiles} from './minimal-data';
import {Pool} from './pool';
import {Scratch} from './scratch';
import {multiplyPanel} from './tiles';
import {clearSide, copySide, transformGradient, transformTaps} from './transforms';

/** Tiles of transformed gradients in one chunk. */
export const GRADIENT_TILES: i32 = 8;
/** Tiles that are multiplied at a time. */
const DEEP: i32 = 64;
/** Depths of the filter in one chunk of taps. */
export const TAPS_ROWS: i32 = 4;

/**
 * Channels in one chunk: a divisor of the channels, so that a chunk lies in one phase, and enough chunks for the
 * threads.
 */
export function chunkChannels(c: Minimal, threads: i32): i32 {
  let count = 64;
  while (count > 4 && (c.channels % count != 0 || c.depth / count < 2 * threads)) count >>= 1;
  return count;
}

/** Scratch bytes of a thread: transformed tiles, and their sums if the chunk sees all of them. */
export function gradientBytes(c: Minimal): usize {
  return <usize>c.points * (vPlane(c) + (c.groupTiles == c.tiles ? sumsPlane(c) : 0));
}

@inline
function vPlane(c: Minimal): usize {
  return plane(DEEP * <i32>(row(c.chunkChannels) >> 2));
}

@inline
function sumsPlane(c: Minimal): usize {
  return plane(c.chunkChannels * c.columns);
}

/** Transforms the output gradients (`grid`) of some tiles of the group into `w`. */
export function transformGradientChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const n = c.n, m = c.m;
  const line = <usize>m * SIDE;
  const tmp = scratch.tmp;
  const gathered = tmp + 36 * SIDE;
  const end = min((chunk + 1) * GRADIENT_TILES, c.groupTiles);
  for (let i = chunk * GRADIENT_TILES; i < end; i++) {
    const perImage = c.tilesDown * c.tilesAcross;
    const image = (c.groupFirst + i) / perImage;
    const within = c.groupFirst + i - image * perImage;
    const y = within / c.tilesAcross * m;
    const x = within % c.tilesAcross * m;
    const inside = y + m <= c.gridHeight && x + m <= c.gridWidth;
    const corner = c.grid + <usize>image * c.gridImageBytes + <usize>y * c.gridRowBytes + <usize>x * c.gridColumnBytes;
    const to = c.w + <usize>i * (PANEL << 2);
    const panelBytes = <usize>c.groupTiles * (PANEL << 2);
    for (let k: usize = 0; k < <usize>c.columns << 2; k += SIDE) {
      if (inside) {
        transformGradient(n, m, corner + k, c.gridRowBytes, c.gridColumnBytes, tmp, line, SIDE);
      } else {
        let at = gathered;
        for (let p = 0; p < m; p++) {
          for (let q = 0; q < m; q++, at += SIDE) {
            const exists = y + p < c.gridHeight && x + q < c.gridWidth;
            const from = corner + k + <usize>p * c.gridRowBytes + <usize>q * c.gridColumnBytes;
            if (exists) copySide(from, at);
            else clearSide(at);
          }
        }
        transformGradient(n, m, gathered, line, SIDE, tmp, line, SIDE);
      }
      transformGradient(n, n, tmp, SIDE, line, to + k / (PANEL << 2) * panelBytes
        + k % (PANEL << 2), c.wPlane, <usize>n * c.wPlane);
    }
  }
}

/**
 * Adds what the group's tiles give to the gradient of some channels' transformed taps, and turns it into that of the
 * filter if
 * the group is the only one.
 */
export function accumulateTapsChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const channels = c.chunkChannels;
  const depth = chunk * channels;
  const phase = depth / c.channels;
  const v = c.scratchOf(scratch);
  const vRow = row(channels);
  const whole = c.groupTiles == c.tiles;
  const sums = whole ? v + <usize>c.points * vPlane(c) : c.u + (<usize>(depth * c.columns) << 2);
  const sumsBytes = whole ? sumsPlane(c) : c.uPlane;
  const outRow = <usize>c.columns << 2;
  const panelBytes = <usize>c.groupTiles * (PANEL << 2);
  for (let tile = 0; tile < c.groupTiles; tile += DEEP) {
    const tiles = min(DEEP, c.groupTiles - tile);
    transformTiles(c, phase, depth - phase * c.channels, channels, c.groupFirst
      + tile, tiles, v, vRow, vPlane(c), scratch.tmp);
    const add = c.groupFirst + tile > 0;
    for (let point = 0; point < c.points; point++) {
      const a = v + <usize>point * vPlane(c);
      let b = c.w + <usize>point * c.wPlane + <usize>tile * (PANEL << 2);
      const out = sums + <usize>point * sumsBytes;
      for (let j: usize = 0; j < outRow; j += PANEL << 2, b += panelBytes) {
        multiplyPanel(channels, tiles, a, 4, vRow, b, PANEL << 2, out + j, outRow, add);
      }
    }
  }
  if (whole) writeTaps(c, depth, channels, sums, sumsBytes, scratch.tmp);
}

/** Turns the gradient of transformed taps into that of the filter, for some depths of one phase. */
export function transformTapsChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const depth = chunk * TAPS_ROWS;
  writeTaps(c, depth, TAPS_ROWS, c.u + (<usize>(depth * c.columns) << 2), c.uPlane, scratch.tmp);
}

/** The filter's gradient for `depths` depths of one phase, from sums [n n][depths][columns]. */
function writeTaps(c: Minimal, first: i32, depths: i32, sums: usize, planeBytes: usize, tmp: usize): void {
  const n = c.n, r = c.r;
  const line = <usize>n * SIDE;
  const matrixBytes = <usize>(c.filterRows * c.rowLength) << 2;
  for (let depth = first; depth < first + depths; depth++, sums += <usize>c.columns << 2) {
    const phase = depth / c.channels;
    const phaseY = phase / c.stride;
    const tap = phaseY * c.filterWidth + phase - phaseY * c.stride;
    const to = c.filter + <usize>tap * matrixBytes + (<usize>((depth - phase * c.channels) * c.rowLength) << 2);
    for (let j: usize = 0; j < <usize>c.columns << 2; j += SIDE) {
      transformTaps(n, n, sums + j, <usize>n * planeBytes, planeBytes, tmp, line, SIDE);
      transformTaps(
        n, r, tmp, SIDE, line, to + j, <usize>c.stride * matrixBytes, <usize>(c.stride * c.filterWidth) * matrixBytes,
      );
    }
  }
}
