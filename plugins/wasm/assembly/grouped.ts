/**
 * Convolution in groups of channels, directly: what a group sees is copied, with zeros around it, to where its channels
 * lie side by side, and multiplied there by the tiles of the matrix product. Chunks are groups of blocks of rows, whose
 * sizes do not depend on the number of threads.
 */
import {blockOf, described, Grouped, panelWidth, SPARE} from './grouped-chunks';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';
import {Window} from './window';

/** A convolution whose channels are in groups; written by the host. */
@unmanaged
export class GroupedWindow extends Window {
  groups: i32;
}

/** Floats of x that a chunk copies, if a row is not more: they stay in the second-level cache. */
const BLOCK: i32 = 1 << 14;
/** Multiplications that are done before another thread would have woken up. */
const SMALL: i64 = 1 << 17;
/** Chunks of a filter's gradient, so that there is work for many threads. */
const CHUNKS: i32 = 16;

/** Bytes of the buffer. @param kind 0 forward, 1 gradient of the filter, 2 gradient of the input */
export function groupedBytes(window: GroupedWindow, kind: i32, pool: Pool): usize {
  const g = describe(window, kind, pool);
  const partial = kind == 1 && g.splits > 1 ? g.splits * g.taps * g.inWide * g.outChannels : 0;
  return g.threadBytes * pool.threads + (<usize>(packedFloats(g, kind) + partial) << 2);
}

export function groupedConv(
  window: GroupedWindow, x: usize, filter: usize, y: usize, buffer: usize, pool: Pool,
): void {
  convolve(describe(window, 0, pool), x, filter, y, buffer, pool);
}

/** The gradient of the input is the convolution of dy, with zeros between its pixels, by the filter turned round. */
export function groupedInput(
  window: GroupedWindow, dy: usize, filter: usize, dx: usize, buffer: usize, pool: Pool,
): void {
  convolve(describe(window, 2, pool), dy, filter, dx, buffer, pool);
}

function convolve(g: Grouped, x: usize, filter: usize, y: usize, buffer: usize, pool: Pool): void {
  g.x = x;
  g.y = y;
  g.filter = filter;
  g.packed = buffer;
  g.work = buffer + (<usize>packedFloats(g, 0) << 2);
  const small = <i64>g.batch * g.outHeight * g.outWidth * g.outChannels * g.taps * g.inWide < SMALL;
  parallel(pool, Job.PackGroup, g.groups, small);
  parallel(pool, Job.GroupedConv, g.batch * g.groups * g.blocks, small);
}

export function groupedFilter(
  window: GroupedWindow, x: usize, dy: usize, dFilter: usize, buffer: usize, pool: Pool,
): void {
  const g = describe(window, 1, pool);
  const size = g.taps * g.inWide * g.outChannels;
  g.x = x;
  g.y = dy;
  g.filter = g.splits > 1 ? buffer : dFilter;
  g.work = g.splits > 1 ? buffer + (<usize>(g.splits * size) << 2) : buffer;
  const small = <i64>g.batch * g.outHeight * g.outWidth * size < SMALL;
  parallel(pool, Job.GroupedFilter, g.groups * g.splits, small);
  if (g.splits > 1) add(buffer, g.splits, size, dFilter);
}

/** Adds up arrays that lie one after the other. */
function add(from: usize, count: i32, size: i32, to: usize): void {
  const bytes = <usize>size << 2;
  for (let at: usize = 0; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let i = 0; i < count; i++) sum += load<f32>(from + <usize>i * bytes + at);
    store<f32>(to + at, sum);
  }
}

function packedFloats(g: Grouped, kind: i32): i32 {
  return kind == 1 ? 0 : g.groups * g.panels * g.taps * g.inWide * g.width;
}

function describe(w: GroupedWindow, kind: i32, pool: Pool): Grouped {
  const g = described(pool);
  const back = kind == 2;
  g.batch = w.batch;
  g.groups = w.groups;
  g.filterHeight = w.filterHeight;
  g.filterWidth = w.filterWidth;
  g.taps = w.filterHeight * w.filterWidth;
  g.dilationY = w.dilationY;
  g.dilationX = w.dilationX;
  g.back = back ? 1 : 0;
  g.inHeight = back ? w.outHeight : w.inHeight;
  g.inWidth = back ? w.outWidth : w.inWidth;
  g.inChannels = back ? w.outChannels : w.inChannels;
  g.outHeight = back ? w.inHeight : w.outHeight;
  g.outWidth = back ? w.inWidth : w.outWidth;
  g.outChannels = back ? w.inChannels : w.outChannels;
  g.strideY = back ? 1 : w.strideY;
  g.strideX = back ? 1 : w.strideX;
  g.upY = back ? w.strideY : 1;
  g.upX = back ? w.strideX : 1;
  g.top = back ? (w.filterHeight - 1) * w.dilationY - w.padTop : w.padTop;
  g.left = back ? (w.filterWidth - 1) * w.dilationX - w.padLeft : w.padLeft;
  g.inWide = g.inChannels / g.groups;
  g.outWide = g.outChannels / g.groups;
  g.width = panelWidth(g.outWide);
  g.panels = (g.outWide + g.width - 1) / g.width;
  g.lineWidth = (g.outWidth - 1) * g.strideX + (g.filterWidth - 1) * g.dilationX + 1;
  const fit = BLOCK / (g.lineWidth * g.inWide) - (g.filterHeight - 1) * g.dilationY - 1;
  g.blockRows = min(max(fit / g.strideY + 1, 1), g.outHeight);
  g.blocks = (g.outHeight + g.blockRows - 1) / g.blockRows;
  g.splits = min((CHUNKS + g.groups - 1) / g.groups, g.batch);
  // what is copied of x, and behind it the result of a row, or dy and the sums of a filter's gradient
  g.copyFloats = (blockOf(g) * g.lineWidth + SPARE * g.strideX) * g.inWide;
  const runs = g.dilationX == 1 ? g.filterHeight : g.taps;
  g.sumRows = g.taps / runs * g.inWide + SPARE;
  const behind = kind == 1
    ? g.panels * (g.blockRows * g.lineWidth + runs * g.sumRows) * g.width
    : (g.outWidth + SPARE) * g.width;
  g.threadBytes = ((<usize>(g.copyFloats + behind) << 2) + 63) & ~63;
  return g;
}
