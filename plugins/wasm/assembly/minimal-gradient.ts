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

/** Channels in one chunk: a divisor of the channels, so that a chunk lies in one phase, and enough chunks for many threads. */
export function chunkChannels(c: Minimal): i32 {
  let count = 64;
  while (count > 4 && (c.channels % count != 0 || c.depth / count < 8)) count >>= 1;
  return count;
}

/** Scratch bytes of a thread: transformed tiles. */
export function gradientBytes(c: Minimal): usize {
  return <usize>c.points * vPlane(c);
}

@inline
function vPlane(c: Minimal): usize {
  return plane(DEEP * <i32>(row(chunkChannels(c)) >> 2));
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
    const to = c.w + <usize>i * c.wRow;
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
      transformGradient(n, n, tmp, SIDE, line, to + k, c.wPlane, <usize>n * c.wPlane);
    }
  }
}

/** Adds what the group's tiles give to the gradient of some channels' transformed taps. */
export function accumulateTapsChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const channels = chunkChannels(c);
  const depth = chunk * channels;
  const phase = depth / c.channels;
  const v = c.scratchOf(scratch);
  const vRow = row(channels);
  const outRow = <usize>c.columns << 2;
  for (let tile = 0; tile < c.groupTiles; tile += DEEP) {
    const tiles = min(DEEP, c.groupTiles - tile);
    transformTiles(c, phase, depth - phase * c.channels, channels, c.groupFirst + tile, tiles, v, vRow, vPlane(c), scratch.tmp);
    const add = c.groupFirst + tile > 0;
    for (let point = 0; point < c.points; point++) {
      const a = v + <usize>point * vPlane(c);
      const b = c.w + <usize>point * c.wPlane + <usize>tile * c.wRow;
      const out = c.u + <usize>point * c.uPlane + <usize>depth * outRow;
      for (let j: usize = 0; j < outRow; j += PANEL << 2) {
        multiplyPanel(channels, tiles, a, 4, vRow, b + j, c.wRow, out + j, outRow, add);
      }
    }
  }
}

/** Turns the gradient of transformed taps into that of the filter, for some depths of one phase. */
export function transformTapsChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const n = c.n, r = c.r;
  const planeBytes = c.uPlane;
  const line = <usize>n * SIDE;
  const matrixBytes = <usize>(c.filterRows * c.rowLength) << 2;
  const tmp = scratch.tmp;
  for (let depth = chunk * TAPS_ROWS; depth < (chunk + 1) * TAPS_ROWS; depth++) {
    const phase = depth / c.channels;
    const phaseY = phase / c.stride;
    const first = phaseY * c.filterWidth + phase - phaseY * c.stride;
    const to = c.filter + <usize>first * matrixBytes + (<usize>((depth - phase * c.channels) * c.rowLength) << 2);
    const from = c.u + (<usize>(depth * c.columns) << 2);
    for (let j: usize = 0; j < <usize>c.columns << 2; j += SIDE) {
      transformTaps(n, n, from + j, <usize>n * planeBytes, planeBytes, tmp, line, SIDE);
      transformTaps(
        n, r, tmp, SIDE, line, to + j, <usize>c.stride * matrixBytes, <usize>(c.stride * c.filterWidth) * matrixBytes,
      );
    }
  }
}
