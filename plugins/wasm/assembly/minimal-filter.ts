import {minimal, Minimal} from './minimal';
import {Pool} from './pool';
import {Scratch} from './scratch';
import {transformFilter} from './transforms';

/** Rows of the filter's matrix in one chunk. */
export const FILTER_ROWS: i32 = 16;

/** Transforms the taps of some depths of one phase into `u`, packed for the product. */
export function transformFilterChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const perPhase = (c.channels + FILTER_ROWS - 1) / FILTER_ROWS;
  const phase = chunk / perPhase;
  const first = (chunk - phase * perPhase) * FILTER_ROWS;
  const end = min(first + FILTER_ROWS, c.channels);
  const phaseY = phase / c.stride;
  const tapY = c.tapY + phaseY, tapX = c.tapX + phase - phaseY * c.stride;
  const u = c.u + (<usize>(phase * c.channels) << 5);
  if (c.transposed) {
    for (let j = 0; j < c.columns; j += 4) {
      loadTaps(c, tapY, tapX, j, first, (end - first) >> 2, scratch.tmp);
      for (let k = first, entry = 0; k < end; k++, entry++) transformEntry(c, u, k, j, scratch.tmp, entry);
    }
  } else {
    for (let k = first; k < end; k += 4) {
      for (let j = 0; j < c.columns; j += 16) {
        const vectors = min(4, (c.columns - j) >> 2);
        loadTaps(c, tapY, tapX, k, j, vectors, scratch.tmp);
        for (let entry = 0; entry < 4 * vectors; entry++) transformEntry(c, u, k + (entry & 3), j + (entry & ~3), scratch.tmp, entry);
      }
    }
  }
}

/** The taps of one depth and four columns: r x r vectors to n x n. */
function transformEntry(c: Minimal, u: usize, depth: i32, column: i32, tmp: usize, entry: i32): void {
  const half = tmp + 16 * 9 * 16;
  const line = <usize>c.r << 4;
  const planeBytes = c.uPlane;
  const to = u + (<usize>((column >> 3) * c.depth + depth) << 5) + (<usize>(column & 4) << 2);
  transformFilter(c.n, c.r, tmp + <usize>entry * 9 * 16, line, 16, half, line, 16);
  transformFilter(c.n, c.n, half, 16, line, to, planeBytes, <usize>c.n * planeBytes);
}

/**
 * Loads, for each tap, 4 rows of the filter's matrix with `vectors` times 4 numbers each, a cache line for each row: lines
 * of different taps tend to share a cache set. Entry 4 v + i is row i of the v-th 4 x 4 block, which is transposed
 * if the filter is.
 */
function loadTaps(c: Minimal, tapY: i32, tapX: i32, row: i32, column: i32, vectors: i32, to: usize): void {
  const rowBytes = <usize>c.rowLength << 2;
  const taps = c.r * c.r;
  for (let tap = 0; tap < taps; tap++, to += 16) {
    const y = tap / c.r;
    const matrix = (tapY + y * c.tapStep) * c.filterWidth + tapX + (tap - y * c.r) * c.tapStep;
    let from = c.filter + (<usize>((matrix * c.filterRows + row) * c.rowLength + column) << 2);
    for (let v = 0, at = to; v < vectors; v++, from += 16, at += 4 * 9 * 16) {
      const p = v128.load(from), q = v128.load(from + rowBytes);
      const s = v128.load(from + 2 * rowBytes), t = v128.load(from + 3 * rowBytes);
      if (c.transposed) {
        const pq = v128.shuffle<f32>(p, q, 0, 4, 1, 5), st = v128.shuffle<f32>(s, t, 0, 4, 1, 5);
        const pq2 = v128.shuffle<f32>(p, q, 2, 6, 3, 7), st2 = v128.shuffle<f32>(s, t, 2, 6, 3, 7);
        v128.store(at, v128.shuffle<f32>(pq, st, 0, 1, 4, 5));
        v128.store(at, v128.shuffle<f32>(pq, st, 2, 3, 6, 7), 9 * 16);
        v128.store(at, v128.shuffle<f32>(pq2, st2, 0, 1, 4, 5), 18 * 16);
        v128.store(at, v128.shuffle<f32>(pq2, st2, 2, 3, 6, 7), 27 * 16);
      } else {
        v128.store(at, p);
        v128.store(at, q, 9 * 16);
        v128.store(at, s, 18 * 16);
        v128.store(at, t, 27 * 16);
      }
    }
  }
}
