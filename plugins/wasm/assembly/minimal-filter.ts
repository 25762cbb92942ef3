import {PANEL, SIDE} from './lanes';
import {minimal, Minimal} from './minimal';
import {Pool} from './pool';
import {Scratch} from './scratch';
import {transformFilter} from './transforms';

/** Rows of the filter's matrix in one chunk. */
export const FILTER_ROWS: i32 = 16;
/** Bytes of the taps of one depth and of the columns side by side, at most 3 x 3. */
const ENTRY: usize = 9 * SIDE;

/** Transforms the taps of some depths of one phase, for the block of columns, into `u`, packed for the product. */
export function transformFilterChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const perPhase = (c.channels + FILTER_ROWS - 1) / FILTER_ROWS;
  const phase = chunk / perPhase;
  const first = (chunk - phase * perPhase) * FILTER_ROWS;
  const end = min(first + FILTER_ROWS, c.channels);
  const phaseY = phase / c.stride;
  const tapY = c.tapY + phaseY, tapX = c.tapX + phase - phaseY * c.stride;
  const u = c.u + (<usize>(phase * c.channels * PANEL) << 2);
  const aside = <i32>(SIDE >> 2);
  const tmp = scratch.tmp;
  const endColumn = c.firstColumn + c.blockColumns;
  if (c.transposed) {
    for (let j = c.firstColumn; j < endColumn; j += aside) {
      for (let half: usize = 0; half < SIDE; half += 16) {
        loadTaps(c, tapY, tapX, j + <i32>(half >> 2), first, (end - first) >> 2, tmp + half, 1);
      }
      for (let k = first, entry = tmp; k < end; k++, entry += ENTRY) transformEntry(c, u, k, j, entry, tmp);
    }
  } else {
    for (let k = first; k < end; k += 4) {
      for (let j = c.firstColumn; j < endColumn; j += 16) {
        const columns = min(16, endColumn - j);
        loadTaps(c, tapY, tapX, k, j, columns >> 2, tmp, <i32>(SIDE >> 4));
        for (let column = j, entry = tmp; column < j + columns; column += aside) {
          for (let i = 0; i < 4; i++, entry += ENTRY) transformEntry(c, u, k + i, column, entry, tmp);
        }
      }
    }
  }
}

/** The taps of an entry: r x r to n x n. */
function transformEntry(c: Minimal, u: usize, depth: i32, column: i32, entry: usize, tmp: usize): void {
  column -= c.firstColumn;
  const half = tmp + 16 * ENTRY;
  const line = <usize>c.r * SIDE;
  const planeBytes = c.uPlane;
  const to = u + (<usize>((column / PANEL * c.depth + depth) * PANEL + column % PANEL) << 2);
  transformFilter(c.n, c.r, entry, line, SIDE, half, line, SIDE);
  transformFilter(c.n, c.n, half, SIDE, line, to, planeBytes, <usize>c.n * planeBytes);
}

/**
 * Loads, for each tap, 4 rows of the filter's matrix with `vectors` times 4 numbers each, a cache line for each row:
 * lines
 * of different taps tend to share a cache set. Each row of a 4 x 4 block belongs to an entry; the block is transposed
 * if the
 * filter is.
 * @param aside blocks whose rows share their entries, side by side
 */
function loadTaps(c: Minimal, tapY: i32, tapX: i32, row: i32, column: i32, vectors: i32, to: usize, aside: i32): void {
  const rowBytes = <usize>c.rowLength << 2;
  const taps = c.r * c.r;
  for (let tap = 0; tap < taps; tap++, to += SIDE) {
    const y = tap / c.r;
    const matrix = (tapY + y * c.tapStep) * c.filterWidth + tapX + (tap - y * c.r) * c.tapStep;
    let from = c.filter + (<usize>((matrix * c.filterRows + row) * c.rowLength + column) << 2);
    for (let v = 0; v < vectors; v++, from += 16) {
      const at = to + <usize>(v / aside) * (4 * ENTRY) + (<usize>(v % aside) << 4);
      const p = v128.load(from), q = v128.load(from + rowBytes);
      const s = v128.load(from + 2 * rowBytes), t = v128.load(from + 3 * rowBytes);
      if (c.transposed) {
        const pq = v128.shuffle<f32>(p, q, 0, 4, 1, 5), st = v128.shuffle<f32>(s, t, 0, 4, 1, 5);
        const pq2 = v128.shuffle<f32>(p, q, 2, 6, 3, 7), st2 = v128.shuffle<f32>(s, t, 2, 6, 3, 7);
        v128.store(at, v128.shuffle<f32>(pq, st, 0, 1, 4, 5));
        v128.store(at, v128.shuffle<f32>(pq, st, 2, 3, 6, 7), ENTRY);
        v128.store(at, v128.shuffle<f32>(pq2, st2, 0, 1, 4, 5), 2 * ENTRY);
        v128.store(at, v128.shuffle<f32>(pq2, st2, 2, 3, 6, 7), 3 * ENTRY);
      } else {
        v128.store(at, p);
        v128.store(at, q, ENTRY);
        v128.store(at, s, 2 * ENTRY);
        v128.store(at, t, 3 * ENTRY);
      }
    }
  }
}
