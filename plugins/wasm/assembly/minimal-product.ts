import {PANEL, SIDE} from './lanes';
import {Minimal, minimal, plane, row} from './minimal';
import {transformTiles} from './minimal-data';
import {Pool} from './pool';
import {KC, Scratch} from './scratch';
import {multiplyPanel} from './tiles';
import {copySide, transformOutput, transformOutput3} from './transforms';

/** Tiles in one chunk: enough for each transformed tap that is read to be used often; that `multiplyPanel` can do. */
export const PRODUCT_TILES: i32 = 32;

/** True if tiles are transformed before their products, because more than one block of columns needs them. */
@inline
function apart(c: Minimal): bool {
  return c.blockColumns < c.columns;
}

@inline
export function productChunks(c: Minimal): i32 {
  return (c.tiles + PRODUCT_TILES - 1) / PRODUCT_TILES;
}

/** Bytes of the tiles that are transformed beforehand. */
export function tilesBytes(c: Minimal): usize {
  return apart(c) ? <usize>(productChunks(c) * c.points) * vPlane(c) : 0;
}

/** Scratch bytes of a thread: transformed tiles and their products. */
export function productBytes(c: Minimal): usize {
  return <usize>c.points * ((apart(c) ? 0 : vPlane(c)) + mPlane(c));
}

@inline
function vPlane(c: Minimal): usize {
  return plane(PRODUCT_TILES * <i32>(row(c.depth) >> 2));
}
@inline
function mPlane(c: Minimal): usize {
  return plane(PRODUCT_TILES * <i32>(row(c.blockColumns) >> 2));
}

/** Transforms the tiles of a chunk beforehand. */
export function transformTilesChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  transformChunk(c, chunk, c.v + <usize>(chunk * c.points) * vPlane(c), scratch);
}

function transformChunk(c: Minimal, chunk: i32, v: usize, scratch: Scratch): void {
  const tile = chunk * PRODUCT_TILES;
  const tiles = min(PRODUCT_TILES, c.tiles - tile);
  const phases = c.stride * c.stride;
  for (let phase = 0; phase < phases; phase++) {
    transformTiles(c, phase, 0, c.channels, tile, tiles,
      v + (<usize>(phase * c.channels) << 2), row(c.depth), vPlane(c), scratch.tmp);
  }
}

/**
 * Outputs of some tiles, for the block of columns: transforms them, multiplies with `u` at each point, and transforms
 * back.
 */
export function multiplyTilesChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const tile = chunk * PRODUCT_TILES;
  const tiles = min(PRODUCT_TILES, c.tiles - tile);
  const own = c.scratchOf(scratch);
  const v = apart(c) ? c.v + <usize>(chunk * c.points) * vPlane(c) : own;
  const products = apart(c) ? own : own + <usize>c.points * vPlane(c);
  const vRow = row(c.depth), mRow = row(c.blockColumns);
  if (!apart(c)) transformChunk(c, chunk, v, scratch);
  for (let point = 0; point < c.points; point++) {
    const a = v + <usize>point * vPlane(c);
    const b = c.u + <usize>point * c.uPlane;
    const out = products + <usize>point * mPlane(c);
    for (let depth = 0; depth < c.depth; depth += KC) {
      const depths = min(KC, c.depth - depth);
      for (let j = 0; j < c.blockColumns; j += PANEL) {
        // Rows at the end that are no tiles hold old numbers; what comes of them is not read.
        multiplyPanel(
          tiles, depths, a + (<usize>depth << 2), vRow, 4, b + (<usize>(j * c.depth + depth * PANEL) << 2), PANEL << 2,
          out + (<usize>j << 2), mRow, depth > 0,
        );
      }
    }
  }
  for (let i = 0; i < tiles; i++) writeTile(c, tile + i, products + <usize>i * mRow, mPlane(c), scratch.tmp);
}

/** Transforms the products of one tile and writes those outputs that lie inside the grid. */
function writeTile(c: Minimal, tile: i32, products: usize, planeBytes: usize, tmp: usize): void {
  const n = c.n, m = c.m;
  const perImage = c.tilesDown * c.tilesAcross;
  const image = tile / perImage;
  const within = tile - image * perImage;
  const y = within / c.tilesAcross * m;
  const x = within % c.tilesAcross * m;
  const height = min(m, c.gridHeight - y), width = min(m, c.gridWidth - x);
  const to = c.grid + <usize>image * c.gridImageBytes + <usize>y * c.gridRowBytes + <usize>x * c.gridColumnBytes
    + (<usize>c.firstColumn << 2);
  const line = <usize>n * SIDE;
  const outputs = tmp + 36 * SIDE;
  if (n == 3 && width == 2 && height == 2) {
    for (let k: usize = 0; k < <usize>c.blockColumns << 2; k += SIDE) {
      transformOutput3(products + k, planeBytes, to + k, c.gridRowBytes, c.gridColumnBytes);
    }
    return;
  }
  for (let k: usize = 0; k < <usize>c.blockColumns << 2; k += SIDE) {
    transformOutput(n, n, products + k, <usize>n * planeBytes, planeBytes, tmp, line, SIDE);
    if (width == m) {
      transformOutput(n, height, tmp, SIDE, line, to + k, c.gridColumnBytes, c.gridRowBytes);
    } else {
      transformOutput(n, height, tmp, SIDE, line, outputs, SIDE, <usize>m * SIDE);
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          copySide(outputs + <usize>(i * m + j) * SIDE, to + k + <usize>i * c.gridRowBytes
            + <usize>j * c.gridColumnBytes);
        }
      }
    }
  }
}
