/** Chunks of a matrix product: packing blocks of B, and computing blocks of the output. */
import {FilterTaps} from './filter-taps';
import {Matrix} from './matrix';
import {PatchesByPosition} from './patches-by-position';
import {PatchesByTap} from './patches-by-tap';
import {PACKED_FLOATS, Pool} from './pool';
import {Rows} from './rows';
import {KC, Scratch} from './scratch';
import {merge, multiply4x8, multiply8x4, multiplyTile} from './tiles';

/** Columns of B packed at a time: the block of all threads is then at least KC deep. */
export const MAX_COLUMNS: i32 = PACKED_FLOATS / KC;
/** Columns of the output in one chunk. */
export const CHUNK_COLUMNS: i32 = 512;
/** Columns of B in one chunk of packing. */
export const PACK_COLUMNS: i32 = 128;

/** The product that all threads work on. */
@unmanaged
class Product {
  rows: i32;
  /** Of the block of B that is packed: its place and size. */
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

/** Where the parts of a product are described. */
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
export function product(pool: Pool): Product {
  return changetype<Product>(pool.struct(3));
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
    p.column + column, min(PACK_COLUMNS, p.columns - column), p.depth + depth, min(KC, p.depths - depth), p.width,
    scratch.zeros,
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
  scratch: Scratch, b: usize, width: i32, panelDepths: i32, rows: i32, column: i32, columns: i32, depths: i32,
  add: bool,
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
