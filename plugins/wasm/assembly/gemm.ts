/**
 * Single-precision matrix product in the manner of GotoBLAS (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 34(3), 2008): both operands are packed into panels that fit the caches, and a tile of the output
 * stays in registers. The operands need not be matrices in memory: whatever can pack a panel will do. B is
 * packed once for all threads, then each takes blocks of the output and packs the rows of A that it needs.
 */
import {FilterTaps} from './filter-taps';
import {Job} from './jobs';
import {PANEL} from './lanes';
import {Matrix} from './matrix';
import {PatchesByPosition} from './patches-by-position';
import {PatchesByTap} from './patches-by-tap';
import {PACKED_FLOATS, parallel, Pool} from './pool';
import {Rows} from './rows';
import {KC, MC, Scratch} from './scratch';
import {merge, multiply4x8, multiply8x4, multiplyTile} from './tiles';

/** Columns of B packed at a time: the block of all threads is then at least KC deep. */
const MAX_COLUMNS: i32 = PACKED_FLOATS / KC;
/** Columns of the output in one chunk. */
const CHUNK_COLUMNS: i32 = 512;
/** Columns of B in one chunk of packing. */
const PACK_COLUMNS: i32 = 128;
/** Multiplications that are done before another thread would have woken up. */
const SMALL: i64 = 1 << 17;

/** The product that all threads work on. */
@unmanaged
class Product {
  rows: i32;
  /** Position and size of the packed block of B. */
  column: i32;
  columns: i32;
  depth: i32;
  depths: i32;
  /** Tile: rows, columns. */
  height: i32;
  width: i32;
  /** Size of a chunk of the output, and how many there are side by side. */
  chunkRows: i32;
  across: i32;
}

/** Memory that describes the parts of a product. */
@inline
export function operandA<T>(pool: Pool): T {
  return changetype<T>(pool.struct(0));
}
@inline
export function operandB<T>(pool: Pool): T {
  return changetype<T>(pool.struct(1));
}
@inline
export function result(pool: Pool): Rows {
  return changetype<Rows>(pool.struct(2));
}
@inline
function product(pool: Pool): Product {
  return changetype<Product>(pool.struct(3));
}

/**
 * out[m, n] = a[m, k] * b[k, n], summed over k in a fixed order; `operandA`, `operandB` and `result` say what these are.
 *
 * Operands have `pack(to, panelDepths, lane, lanes, depth, depths, width, zeros)`: it writes panels of `width` lanes,
 * each panel [panelDepths][width] of which the first `depths` are filled; lanes beyond the last are filled with zeros.
 * Lanes are rows of a, or columns of b.
 */
export function gemm(pool: Pool, multiply: Job, pack: Job, m: i32, n: i32, k: i32): void {
  if (k == 0) return clear(pool, m, n);
  const p = product(pool);
  p.rows = m;
  // A tile of four rows, or of 8 x 4 where half of it would be empty.
  p.width = n <= 4 ? 4 : n <= 8 ? 8 : PANEL;
  p.height = n <= 4 ? 8 : 4;
  // Enough chunks for many threads, as long as each of them is worth packing A for.
  p.chunkRows = min(MC, max(32, (m / 16 + 7) & ~7));
  const down = (m + p.chunkRows - 1) / p.chunkRows;
  const small = <i64>m * n * k < SMALL;
  for (let column = 0; column < n; column += MAX_COLUMNS) {
    const columns = min(MAX_COLUMNS, n - column);
    const deep = PACKED_FLOATS / ((columns + PANEL - 1) / PANEL * PANEL) / KC * KC;
    p.column = column;
    p.columns = columns;
    p.across = (columns + CHUNK_COLUMNS - 1) / CHUNK_COLUMNS;
    for (let depth = 0; depth < k; depth += deep) {
      p.depth = depth;
      p.depths = min(deep, k - depth);
      parallel(pool, pack, ((columns + PACK_COLUMNS - 1) / PACK_COLUMNS) * ((p.depths + KC - 1) / KC), small);
      parallel(pool, multiply, down * p.across, small);
    }
  }
}

/** Packs one block of columns and depths of B. */
@inline
function packChunk<B>(chunk: i32, pool: Pool, scratch: Scratch): void {
  const p = product(pool);
  const across = (p.columns + PACK_COLUMNS - 1) / PACK_COLUMNS;
  const column = (chunk % across) * PACK_COLUMNS;
  const depth = (chunk / across) * KC;
  operandB<B>(pool).pack(
    pool.packed + (<usize>(column * p.depths + depth * p.width) << 2), p.depths,
    p.column + column, min(PACK_COLUMNS, p.columns - column), p.depth + depth, min(KC, p.depths - depth), p.width, scratch.zeros,
  );
}

export function packMatrix(chunk: i32, pool: Pool, scratch: Scratch): void {
  packChunk<Matrix>(chunk, pool, scratch);
}

export function packTaps(chunk: i32, pool: Pool, scratch: Scratch): void {
  packChunk<FilterTaps>(chunk, pool, scratch);
}

/** Computes one block of the output, as far as the packed depths go. */
@inline
function multiplyChunk<A>(chunk: i32, pool: Pool, scratch: Scratch): void {
  const p = product(pool);
  const row = (chunk / p.across) * p.chunkRows;
  const rows = min(p.chunkRows, p.rows - row);
  const column = (chunk % p.across) * CHUNK_COLUMNS;
  const columns = min(CHUNK_COLUMNS, p.columns - column);
  result(pool).addresses(scratch.rows, row, rows);
  for (let depth = 0; depth < p.depths; depth += KC) {
    const depths = min(KC, p.depths - depth);
    operandA<A>(pool).pack(scratch.packedA, depths, row, rows, p.depth + depth, depths, p.height, scratch.zeros);
    const b = pool.packed + (<usize>(column * p.depths + depth * p.width) << 2);
    const add = p.depth + depth > 0;
    if (p.width == 4) narrow(scratch, b, rows, p.column + column, columns, depths, add);
    else tiles(scratch, b, p.width, p.depths, rows, p.column + column, columns, depths, add);
  }
}

export function multiplyMatrix(chunk: i32, pool: Pool, scratch: Scratch): void {
  multiplyChunk<Matrix>(chunk, pool, scratch);
}

export function multiplyPositions(chunk: i32, pool: Pool, scratch: Scratch): void {
  multiplyChunk<PatchesByPosition>(chunk, pool, scratch);
}

export function multiplyTaps(chunk: i32, pool: Pool, scratch: Scratch): void {
  multiplyChunk<PatchesByTap>(chunk, pool, scratch);
}

/**
 * One packed block of A times one of B in tiles of four rows; `add` continues a sum begun at a smaller depth.
 * @param width columns of a panel of B: 8 or PANEL
 * @param panelDepths depths of a panel of B
 */
function tiles(
  scratch: Scratch, b: usize, width: i32, panelDepths: i32, rows: i32, column: i32, columns: i32, depths: i32, add: bool,
): void {
  const bDepth = <usize>width << 2;
  for (let j = 0; j < columns; j += width, b += <usize>panelDepths * bDepth) {
    const to = <usize>(column + j) << 2;
    let a = scratch.packedA;
    for (let i = 0; i < rows; i += 4, a += <usize>depths << 4) {
      const row = scratch.rows + (<usize>i << 2);
      const c = load<usize>(row);
      const cRow = load<usize>(row, 4) - c;
      const even = load<usize>(row, 8) == c + 2 * cRow && load<usize>(row, 12) == c + 3 * cRow;
      const direct = even && j + width <= columns && i + 4 <= rows;
      const out = direct ? c + to : scratch.tile;
      const outRow = direct ? cRow : bDepth;
      if (width == 8) multiply4x8(depths, a, 4, 16, b, bDepth, out, outRow, add && direct);
      else multiplyTile(depths, a, 4, 16, b, bDepth, out, outRow, add && direct);
      if (!direct) merge(scratch.tile, bDepth, row, min(4, rows - i), to, min(width, columns - j), add);
    }
  }
}

/** The same in tiles of 8 x 4, for at most 4 columns. */
function narrow(scratch: Scratch, b: usize, rows: i32, column: i32, columns: i32, depths: i32, add: bool): void {
  let a = scratch.packedA;
  for (let i = 0; i < rows; i += 8, a += <usize>depths << 5) {
    multiply8x4(depths, a, b, scratch.tile);
    merge(scratch.tile, 16, scratch.rows + (<usize>i << 2), min(8, rows - i), <usize>column << 2, columns, add);
  }
}

/** A sum over nothing. */
function clear(pool: Pool, m: i32, n: i32): void {
  const scratch = pool.scratch(0);
  for (let i = 0; i < m; i += MC) {
    const rows = min(MC, m - i);
    result(pool).addresses(scratch.rows, i, rows);
    for (let r = 0; r < rows; r++) memory.fill(load<usize>(scratch.rows + (<usize>r << 2)), 0, <usize>n << 2);
  }
}
