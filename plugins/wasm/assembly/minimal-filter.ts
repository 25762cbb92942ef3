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
  const taps = scratch.tmp;
  const half = taps + 4 * 9 * 16;
  const line = <usize>c.r << 4;
  const planeBytes = c.uPlane;
  for (let k = first; k < end; k += 4) {
    for (let j = 0; j < c.columns; j += 4) {
      loadTaps(c, c.tapY + phaseY, c.tapX + phase - phaseY * c.stride, k, j, taps);
      for (let i = 0; i < 4; i++) {
        const depth = phase * c.channels + k + i;
        const to = c.u + (<usize>((j >> 3) * c.depth + depth) << 5) + (<usize>(j & 4) << 2);
        transformFilter(c.n, c.r, taps + <usize>i * 9 * 16, line, 16, half, line, 16);
        transformFilter(c.n, c.n, half, 16, line, to, planeBytes, <usize>c.n * planeBytes);
      }
    }
  }
}

/** Four depths of four columns for each tap: to[depth][tap] holds four columns. */
function loadTaps(c: Minimal, tapY: i32, tapX: i32, depth: i32, column: i32, to: usize): void {
  const rowBytes = <usize>c.rowLength << 2;
  const taps = c.r * c.r;
  for (let tap = 0; tap < taps; tap++, to += 16) {
    const y = tap / c.r;
    const matrix = (tapY + y * c.tapStep) * c.filterWidth + tapX + (tap - y * c.r) * c.tapStep;
    const at = c.transposed ? column * c.rowLength + depth : depth * c.rowLength + column;
    const from = c.filter + (<usize>(matrix * c.filterRows * c.rowLength + at) << 2);
    const p = v128.load(from), q = v128.load(from + rowBytes);
    const s = v128.load(from + 2 * rowBytes), t = v128.load(from + 3 * rowBytes);
    if (c.transposed) {
      const pq = v128.shuffle<f32>(p, q, 0, 4, 1, 5), st = v128.shuffle<f32>(s, t, 0, 4, 1, 5);
      const pq2 = v128.shuffle<f32>(p, q, 2, 6, 3, 7), st2 = v128.shuffle<f32>(s, t, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(pq, st, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(pq, st, 2, 3, 6, 7), 9 * 16);
      v128.store(to, v128.shuffle<f32>(pq2, st2, 0, 1, 4, 5), 18 * 16);
      v128.store(to, v128.shuffle<f32>(pq2, st2, 2, 3, 6, 7), 27 * 16);
    } else {
      v128.store(to, p);
      v128.store(to, q, 9 * 16);
      v128.store(to, s, 18 * 16);
      v128.store(to, t, 27 * 16);
    }
  }
}
