/** Convolutions by minimal filtering: which of them, and with what scratch memory. */
import {Conv2D} from './convolution';
import {Job} from './job';
import {PANEL, SIDE} from './lanes';
import {Minimal, minimal} from './minimal';
import {FILTER_ROWS} from './minimal-filter';
import {chunkChannels, gradientBytes, GRADIENT_TILES, TAPS_ROWS} from './minimal-gradient';
import {productBytes, productChunks, tilesBytes} from './minimal-product';
import {parallel} from './parallel';
import {Pool} from './pool';

/** The convolution to compute, for `minimalBytes`. */
export const enum Kind {
  Forward,
  BackpropFilter,
  BackpropInput,
}

/** Fewest channels in and out for which the transforms are worth their while. */
const FEW: i32 = 16;
/** Products per transformed tap that take as long as transforming it, reading and writing it. */
const TAP_COST: i32 = 48;
/** Multiplications of the direct way below which it is taken. */
const SMALL: i64 = 1 << 20;
/**
 * Floats of transformed tiles, 12 MB, that are kept for several blocks of columns, and of the filter for a block, 2 MB.
 */
const TILES_FLOATS: i32 = 3 << 20;
const BLOCK_FLOATS: i32 = 1 << 19;
/** Floats of the transformed gradients of a group of tiles, 1 MB, unless their sums take more. */
const GROUP_FLOATS: i32 = 1 << 18;

/** Scratch bytes that the convolution takes with minimal filtering; 0 where the direct way is the better one. */
export function minimalBytes(conv: Conv2D, kind: Kind, pool: Pool): usize {
  const c = minimal(pool);
  if (!describe(c, conv, kind, pool.threads)) return 0;
  const planes = <usize>c.points * c.uPlane;
  if (kind != Kind.BackpropFilter) return planes + tilesBytes(c) + <usize>pool.threads * productBytes(c) + 128;
  return (c.groupTiles < c.tiles ? planes : 0) + <usize>c.points * c.wPlane + <usize>pool.threads * gradientBytes(c)
    + 128;
}

/** y = x * filter; only if `minimalBytes` is not 0, with that many at `buffer`. */
export function minimalForward(conv: Conv2D, x: usize, filter: usize, y: usize, buffer: usize, pool: Pool): void {
  const c = minimal(pool);
  describe(c, conv, Kind.Forward, pool.threads);
  c.image = x;
  c.filter = filter;
  c.grid = y;
  placeBuffers(c, buffer, Kind.Forward);
  multiply(c, pool);
}

/** Gradient of the filter; the same conditions. */
export function minimalBackpropFilter(
  conv: Conv2D,
  x: usize,
  dy: usize,
  dFilter: usize,
  buffer: usize,
  pool: Pool,
): void {
  const c = minimal(pool);
  describe(c, conv, Kind.BackpropFilter, pool.threads);
  c.image = x;
  c.grid = dy;
  c.filter = dFilter;
  const group = c.groupTiles;
  for (let first = 0; first < c.tiles; first += group) {
    c.groupFirst = first;
    c.groupTiles = min(group, c.tiles - first);
    placeBuffers(c, buffer, Kind.BackpropFilter);
    parallel(pool, Job.TransformGradient, (c.groupTiles + GRADIENT_TILES - 1) / GRADIENT_TILES, false);
    parallel(pool, Job.AccumulateTaps, c.depth / c.chunkChannels, false);
  }
  if (group < c.tiles) parallel(pool, Job.TransformTaps, c.depth / TAPS_ROWS, false);
}

/** Gradient of the input, one phase of the stride after the other; the same conditions. */
export function minimalBackpropInput(
  conv: Conv2D,
  dy: usize,
  filter: usize,
  dx: usize,
  buffer: usize,
  pool: Pool,
): void {
  const c = minimal(pool);
  const pixelBytes = conv.inChannels << 2;
  const rowBytes = conv.inWidth * pixelBytes;
  for (let y = 0; y < conv.strideY; y++) {
    for (let x = 0; x < conv.strideX; x++) {
      describe(c, conv, Kind.BackpropInput, pool.threads);
      // Pixel y + i stride meets the taps tapY, tapY + stride, ... at the output rows (y + padTop - tap) / stride + i.
      const tapY = (y + conv.padTop) % conv.strideY;
      const tapX = (x + conv.padLeft) % conv.strideX;
      c.originY = (y + conv.padTop) / conv.strideY - (c.r - 1);
      c.originX = (x + conv.padLeft) / conv.strideX - (c.r - 1);
      c.tapY = tapY + (c.r - 1) * conv.strideY;
      c.tapX = tapX + (c.r - 1) * conv.strideX;
      c.image = dy;
      c.filter = filter;
      c.grid = dx + y * rowBytes + x * pixelBytes;
      c.gridHeight = (conv.inHeight - y + conv.strideY - 1) / conv.strideY;
      c.gridWidth = (conv.inWidth - x + conv.strideX - 1) / conv.strideX;
      if (c.gridHeight <= 0 || c.gridWidth <= 0) continue;
      c.variant(c.n, conv.batch);
      placeBuffers(c, buffer, Kind.BackpropInput);
      multiply(c, pool);
    }
  }
}

function multiply(c: Minimal, pool: Pool): void {
  const perPhase = (c.channels + FILTER_ROWS - 1) / FILTER_ROWS;
  if (c.blockColumns < c.columns) parallel(pool, Job.TransformTiles, productChunks(c), false);
  for (c.firstColumn = 0; c.firstColumn < c.columns; c.firstColumn += c.blockColumns) {
    parallel(pool, Job.TransformFilter, perPhase * c.stride * c.stride, false);
    parallel(pool, Job.MultiplyTiles, productChunks(c), false);
  }
}

/**
 * Fills in everything but addresses, with the cheapest variant. False where the direct way is better or the only one.
 */
function describe(c: Minimal, conv: Conv2D, kind: Kind, threads: i32): bool {
  const stride = conv.strideY;
  const r = conv.filterHeight / stride;
  if (conv.strideX != stride || conv.filterHeight != r * stride || conv.filterWidth != r * stride) return false;
  if ((r != 2 && r != 3) || conv.dilationY != 1 || conv.dilationX != 1) return false;
  const backwards = kind == Kind.BackpropInput;
  c.channels = backwards ? conv.outChannels : conv.inChannels;
  c.columns = backwards ? conv.inChannels : conv.outChannels;
  if (c.channels % <i32>(SIDE >> 2) != 0 || c.columns % PANEL != 0 || c.channels < FEW || c.columns < FEW) return false;

  c.filterWidth = conv.filterWidth;
  c.filterRows = conv.inChannels;
  c.rowLength = conv.outChannels;
  c.transposed = backwards;
  c.gridColumnBytes = c.columns << 2;
  if (backwards) {
    c.stride = 1;
    c.imageHeight = conv.outHeight;
    c.imageWidth = conv.outWidth;
    c.tapStep = -stride;
    c.gridHeight = (conv.inHeight + stride - 1) / stride;
    c.gridWidth = (conv.inWidth + stride - 1) / stride;
    c.gridImageBytes = conv.inHeight * conv.inWidth * c.gridColumnBytes;
    c.gridRowBytes = stride * conv.inWidth * c.gridColumnBytes;
    c.gridColumnBytes *= stride;
  } else {
    c.stride = stride;
    c.imageHeight = conv.inHeight;
    c.imageWidth = conv.inWidth;
    c.originY = -conv.padTop;
    c.originX = -conv.padLeft;
    c.tapY = 0;
    c.tapX = 0;
    c.tapStep = stride;
    c.gridHeight = conv.outHeight;
    c.gridWidth = conv.outWidth;
    c.gridRowBytes = conv.outWidth * c.gridColumnBytes;
    c.gridImageBytes = conv.outHeight * c.gridRowBytes;
  }
  const positions = <i64>conv.batch * c.gridHeight * c.gridWidth;
  const direct = r * r * (positions + TAP_COST / 4);
  if (direct * c.depth * c.columns < SMALL) return false;
  let best: i64 = direct;
  let n = 0;
  for (let candidate = r == 3 ? 6 : 3; candidate <= 6; candidate += r == 3 ? 1 : 2) {
    c.variant(candidate, conv.batch);
    const cost = <i64>c.points * (c.tiles + TAP_COST);
    if (cost < best) {
      best = cost;
      n = candidate;
    }
  }
  if (n == 0) return false;
  c.variant(n, conv.batch);
  c.blockColumns = kind == Kind.BackpropFilter ? c.columns : block(c);
  c.groupFirst = 0;
  c.chunkChannels = chunkChannels(c, threads);
  const sums = c.points * c.depth * c.columns;
  c.groupTiles = min(c.tiles, max(64, max(GROUP_FLOATS, sums) / (c.points * c.columns) & ~63));
  return true;
}

/**
 * Columns that are multiplied at a time: all, unless their transformed filter does not fit the caches where the tiles
 * would.
 */
function block(c: Minimal): i32 {
  let columns = c.columns;
  if (c.tiles * c.points * c.depth > TILES_FLOATS) return columns;
  while (c.points * c.depth * columns > BLOCK_FLOATS && columns % (2 * PANEL) == 0) columns >>= 1;
  return columns;
}

/** Divides the host's buffer. */
function placeBuffers(c: Minimal, buffer: usize, kind: Kind): void {
  c.u = (buffer + 63) & ~63;
  c.w = c.u + (kind == Kind.BackpropFilter && c.groupTiles == c.tiles ? 0 : <usize>c.points * c.uPlane);
  c.scratch = c.w;
  if (kind == Kind.BackpropFilter) {
    c.scratch += <usize>c.points * c.wPlane;
    c.scratchBytes = gradientBytes(c);
  } else {
    c.v = c.w;
    c.scratch += tilesBytes(c);
    c.scratchBytes = productBytes(c);
  }
}
