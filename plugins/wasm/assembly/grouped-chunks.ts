/** Chunks of a convolution in groups of channels. */
import {PANEL} from './lanes';
import {Pool} from './pool';
import {Scratch} from './scratch';
import {multiply4x8, multiplyPanel} from './tiles';

/** Rows that tiles may read and write beyond those that are asked for. */
export const SPARE: i32 = 6;

@unmanaged
export class Grouped {
  x: usize;
  /** The result; of a filter's gradient, dy. */
  y: usize;
  /** The filter, or its gradient. */
  filter: usize;
  /** The filter of each group, in panels: [groups][panels][taps inWide][width]. */
  packed: usize;
  /** What each thread works in. */
  work: usize;
  threadBytes: usize;
  batch: i32;
  groups: i32;
  inHeight: i32;
  inWidth: i32;
  inChannels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  /** Channels of a group. */
  inWide: i32;
  outWide: i32;
  filterHeight: i32;
  filterWidth: i32;
  taps: i32;
  strideY: i32;
  strideX: i32;
  /** One more than the zeros between pixels of x. */
  upY: i32;
  upX: i32;
  dilationY: i32;
  dilationX: i32;
  top: i32;
  left: i32;
  /** 1: the filter is that of the convolution whose input's gradient this is. */
  back: i32;
  /** Columns of a panel, and panels of a group. */
  width: i32;
  panels: i32;
  /** Pixels in a copied row. */
  lineWidth: i32;
  /** Rows of the result in a chunk, and chunks of a group of an image. */
  blockRows: i32;
  blocks: i32;
  /** Parts of the batch that a filter's gradient is first summed over. */
  splits: i32;
  copyFloats: i32;
  /** Rows of sums of the taps that one product is for. */
  sumRows: i32;
}

@inline
export function described(pool: Pool): Grouped {
  return changetype<Grouped>(pool.struct(0));
}

@inline
export function panelWidth(columns: i32): i32 {
  return columns <= 8 ? 8 : PANEL;
}

/** Rows of x, counted with the zeros between them, that a chunk copies. */
export function blockOf(g: Grouped): i32 {
  return (g.blockRows - 1) * g.strideY + (g.filterHeight - 1) * g.dilationY + 1;
}

/** Arranges the filter of one group in panels, with zeros where the last one sticks out. */
export function packGroupChunk(group: i32, pool: Pool): void {
  const g = described(pool);
  const depths = g.taps * g.inWide;
  let to = g.packed + (<usize>(group * g.panels * depths * g.width) << 2);
  for (let first = 0; first < g.outWide; first += g.width) {
    const columns = min(g.width, g.outWide - first);
    for (let tap = 0; tap < g.taps; tap++) {
      for (let i = 0; i < g.inWide; i++, to += <usize>g.width << 2) {
        let from: usize, step: usize;
        if (g.back) {
          // filter [taps, outWide, inChannels] of the other convolution
          const row = (g.taps - 1 - tap) * g.outWide + first;
          from = g.filter + (<usize>(row * g.inChannels + group * g.inWide + i) << 2);
          step = <usize>g.inChannels << 2;
        } else {
          from = g.filter + (<usize>((tap * g.inWide + i) * g.outChannels + group * g.outWide + first) << 2);
          step = 4;
        }
        for (let j = 0; j < g.width; j++, from += step) {
          store<f32>(to + (<usize>j << 2), j < columns ? load<f32>(from) : 0);
        }
      }
    }
  }
}

export function groupedConvChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const g = described(pool);
  const block = chunk % g.blocks;
  const image = chunk / g.blocks % g.batch;
  const group = chunk / g.blocks / g.batch;
  const first = block * g.blockRows;
  const rows = min(g.blockRows, g.outHeight - first);
  const copy = g.work + <usize>scratch.thread * g.threadBytes;
  const result = copy + (<usize>g.copyFloats << 2);
  copyBlock(g, image, group, first, rows, copy);
  const pixel = <usize>g.inWide << 2;
  const line = <usize>g.lineWidth * pixel;
  const depths = g.taps * g.inWide;
  const merged = g.dilationX == 1;
  const runs = merged ? g.filterHeight : g.taps;
  const runDepths = depths / runs;
  const bDepth = <usize>g.width << 2;
  for (let r = 0; r < rows; r++) {
    for (let panel = 0; panel < g.panels; panel++) {
      let b = g.packed + <usize>((group * g.panels + panel) * depths) * bDepth;
      for (let run = 0; run < runs; run++, b += <usize>runDepths * bDepth) {
        const ty = merged ? run : run / g.filterWidth;
        const tx = merged ? 0 : run % g.filterWidth;
        const a = copy + <usize>(r * g.strideY + ty * g.dilationY) * line + <usize>(tx * g.dilationX) * pixel;
        multiply(g.width, g.outWidth, runDepths, a, <usize>g.strideX * pixel, 4, b, bDepth, result, bDepth, run > 0);
      }
      const column = panel * g.width;
      const y = g.y + (<usize>(((image * g.outHeight + first + r) * g.outWidth) * g.outChannels
        + group * g.outWide + column) << 2);
      put(result, bDepth, y, <usize>g.outChannels << 2, g.outWidth, min(g.width, g.outWide - column));
    }
  }
}

export function groupedFilterChunk(chunk: i32, pool: Pool, scratch: Scratch): void {
  const g = described(pool);
  const group = chunk / g.splits;
  const split = chunk % g.splits;
  const copy = g.work + <usize>scratch.thread * g.threadBytes;
  const slopes = copy + (<usize>g.copyFloats << 2);
  const bDepth = <usize>g.width << 2;
  const slopeBytes = <usize>(g.blockRows * g.lineWidth) * bDepth;
  const sums = slopes + <usize>g.panels * slopeBytes;
  const merged = g.dilationX == 1;
  const runs = merged ? g.filterHeight : g.taps;
  const runRows = g.taps / runs * g.inWide;
  const runBytes = <usize>g.sumRows * bDepth;
  memory.fill(sums, 0, <usize>(g.panels * runs) * runBytes);
  const pixel = <usize>g.inWide << 2;
  const line = <usize>g.lineWidth * pixel;
  // with a stride of 1 the rows of a block are one sum: dy has zeros where a row of x is longer
  const whole = g.strideX == 1 && g.strideY == 1;
  for (let image = split * g.batch / g.splits; image < (split + 1) * g.batch / g.splits; image++) {
    for (let first = 0; first < g.outHeight; first += g.blockRows) {
      const rows = min(g.blockRows, g.outHeight - first);
      copyBlock(g, image, group, first, rows, copy);
      for (let panel = 0; panel < g.panels; panel++) {
        const b = slopes + <usize>panel * slopeBytes;
        copySlopes(g, image, group, panel, first, rows, b);
        for (let run = 0; run < runs; run++) {
          const ty = merged ? run : run / g.filterWidth;
          const tx = merged ? 0 : run % g.filterWidth;
          const c = sums + <usize>(panel * runs + run) * runBytes;
          const a = copy + <usize>(ty * g.dilationY) * line + <usize>(tx * g.dilationX) * pixel;
          if (whole) {
            multiply(g.width, runRows, (rows - 1) * g.lineWidth + g.outWidth, a, 4, pixel, b, bDepth, c, bDepth, true);
          } else for (let r = 0; r < rows; r++) {
            multiply(g.width, runRows, g.outWidth, a + <usize>(r * g.strideY) * line, 4, <usize>g.strideX * pixel,
              b + <usize>(r * g.lineWidth) * bDepth, bDepth, c, bDepth, true);
          }
        }
      }
    }
  }
  const size = g.taps * g.inWide * g.outChannels;
  for (let panel = 0; panel < g.panels; panel++) {
    const column = panel * g.width;
    for (let run = 0; run < runs; run++) {
      const to = g.filter + (<usize>(split * size + run * runRows * g.outChannels + group * g.outWide + column) << 2);
      put(sums + <usize>(panel * runs + run) * runBytes, bDepth, to, <usize>g.outChannels << 2, runRows,
        min(g.width, g.outWide - column));
    }
  }
}

/** c[rows, width] = a b, plus what was there if `add`. */
@inline
function multiply(
  width: i32, rows: i32, depths: i32, a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize,
  cRow: usize, add: bool,
): void {
  if (width == PANEL) return multiplyPanel(rows, depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
  for (; rows > 0; rows -= 4, a += 4 * aRow, c += 4 * cRow) {
    multiply4x8(depths, a, aRow, aDepth, b, bDepth, c, cRow, add);
  }
}

/** Copies `columns` floats of each row. */
function put(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++, from += fromBytes, to += toBytes) copyFloats(from, to, columns);
}

@inline
function copyFloats(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
  for (; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
}

/** What a block of rows of the result sees of a group: [rows, lineWidth, inWide]. */
function copyBlock(g: Grouped, image: i32, group: i32, first: i32, rows: i32, to: usize): void {
  const height = (rows - 1) * g.strideY + (g.filterHeight - 1) * g.dilationY + 1;
  const pixel = <usize>g.inWide << 2;
  const line = <usize>g.lineWidth * pixel;
  const channel = g.x + (<usize>(group * g.inWide) << 2);
  for (let r = 0; r < height; r++, to += line) {
    const y = first * g.strideY + r - g.top;
    if (y < 0 || y % g.upY != 0 || y / g.upY >= g.inHeight) {
      memory.fill(to, 0, line);
      continue;
    }
    const row = channel + (<usize>((image * g.inHeight + y / g.upY) * g.inWidth * g.inChannels) << 2);
    if (g.upX > 1) {
      memory.fill(to, 0, line);
      for (let x = 0; x < g.inWidth; x++) {
        const at = x * g.upX + g.left;
        if (at >= 0 && at < g.lineWidth) {
          copyFloats(row + (<usize>(x * g.inChannels) << 2), to + <usize>at * pixel, g.inWide);
        }
      }
      continue;
    }
    const start = max(g.left, 0);
    const end = max(min(g.left + g.inWidth, g.lineWidth), 0);
    memory.fill(to, 0, <usize>min(start, g.lineWidth) * pixel);
    for (let at = start; at < end; at++) {
      copyFloats(row + (<usize>((at - g.left) * g.inChannels) << 2), to + <usize>at * pixel, g.inWide);
    }
    const filled = max(start, end);
    if (filled < g.lineWidth) memory.fill(to + <usize>filled * pixel, 0, <usize>(g.lineWidth - filled) * pixel);
  }
}

/** A panel of dy: [rows, lineWidth, width]; zeros behind the row and beside the group. */
function copySlopes(g: Grouped, image: i32, group: i32, panel: i32, first: i32, rows: i32, to: usize): void {
  const bytes = <usize>g.width << 2;
  const column = panel * g.width;
  const columns = min(g.width, g.outWide - column);
  for (let r = 0; r < rows; r++) {
    let from = g.y + (<usize>(((image * g.outHeight + first + r) * g.outWidth) * g.outChannels
      + group * g.outWide + column) << 2);
    for (let x = 0; x < g.outWidth; x++, to += bytes, from += <usize>g.outChannels << 2) {
      copyFloats(from, to, columns);
      for (let j = columns; j < g.width; j++) store<f32>(to + (<usize>j << 2), 0);
    }
    const rest = <usize>(g.lineWidth - g.outWidth) * bytes;
    memory.fill(to, 0, rest);
    to += rest;
  }
}
