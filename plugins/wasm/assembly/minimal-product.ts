import {Minimal, minimal, plane, row} from './minimal';
import {transformTiles} from './minimal-data';
import {Pool} from './pool';
import {KC, Scratch} from './scratch';
import {multiplyRows4x8} from './tiles';
import {transformOutput} from './transforms';

/** Tiles in one chunk: enough for each transformed tap that is read to be used often; a multiple of 4. */
export const PRODUCT_TILES: i32 = 32;

/** Scratch bytes of a thread: transformed tiles and their products. */
export function productBytes(c: Minimal): usize {
  return <usize>c.points * (vPlane(c) + mPlane(c));
}

@inline
function vPlane(c: Minimal): usize {
  return plane(PRODUCT_TILES * <i32>(row(c.depth) >> 2));
}
@inline
function mPlane(c: Minimal): usize {
  return plane(PRODUCT_TILES * <i32>(row(c.columns) >> 2));
}

/** Outputs of some tiles: transforms them, multiplies with `u` at each point, and transforms back. */
export function multiplyTilesChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const c = minimal(pool);
  const tile = chunk * PRODUCT_TILES;
  const tiles = min(PRODUCT_TILES, c.tiles - tile);
  const v = c.scratchOf(scratch);
  const products = v + <usize>c.points * vPlane(c);
  const vRow = row(c.depth), mRow = row(c.columns);
  const phases = c.stride * c.stride;
  for (let phase = 0; phase < phases; phase++) {
    transformTiles(c, phase, 0, c.channels, tile, tiles, v + (<usize>(phase * c.channels) << 2), vRow, vPlane(c), scratch.tmp);
  }
  for (let point = 0; point < c.points; point++) {
    const a = v + <usize>point * vPlane(c);
    const b = c.u + <usize>point * c.uPlane;
    const out = products + <usize>point * mPlane(c);
    for (let depth = 0; depth < c.depth; depth += KC) {
      const depths = min(KC, c.depth - depth);
      for (let j = 0; j < c.columns; j += 8) {
        const panel = b + (<usize>(j * c.depth + depth * 8) << 2);
        // Rows of the last four that are no tiles hold old numbers; what comes of them is not read.
        for (let i = 0; i < tiles; i += 4) {
          multiplyRows4x8(
            depths, a + <usize>i * vRow + (<usize>depth << 2), vRow, panel, out + <usize>i * mRow + (<usize>j << 2), mRow, depth > 0,
          );
        }
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
  const to = c.grid + <usize>image * c.gridImageBytes + <usize>y * c.gridRowBytes + <usize>x * c.gridColumnBytes;
  const line = <usize>n << 4;
  const outputs = tmp + 36 * 16;
  for (let k: usize = 0; k < <usize>c.columns << 2; k += 16) {
    transformOutput(n, n, products + k, <usize>n * planeBytes, planeBytes, tmp, line, 16);
    if (width == m) {
      transformOutput(n, height, tmp, 16, line, to + k, c.gridColumnBytes, c.gridRowBytes);
    } else {
      transformOutput(n, height, tmp, 16, line, outputs, 16, <usize>m << 4);
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          v128.store(to + k + <usize>i * c.gridRowBytes + <usize>j * c.gridColumnBytes, v128.load(outputs + (<usize>(i * m + j) << 4)));
        }
      }
    }
  }
}
