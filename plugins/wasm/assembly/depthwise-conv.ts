/** Convolution of each channel by itself, and its gradients. */
import {CHANNELS, Depthwise, described} from './depthwise-chunks';
import {GroupedWindow} from './grouped';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';

/** Floats of the result in a chunk. */
const BLOCK: i32 = 1 << 14;
/** Multiplications that are done before another thread would have woken up. */
const SMALL: i64 = 1 << 16;

/** y from x or, `back`, the gradient of x from that of y; at most 256 taps. */
export function depthwiseConv(window: GroupedWindow, x: usize, filter: usize, y: usize, back: bool, pool: Pool): void {
  const d = describe(window, pool);
  d.x = x;
  d.filter = filter;
  d.y = y;
  d.back = back ? 1 : 0;
  d.fromHeight = back ? window.outHeight : window.inHeight;
  d.fromWidth = back ? window.outWidth : window.inWidth;
  d.toHeight = back ? window.inHeight : window.outHeight;
  d.toWidth = back ? window.inWidth : window.outWidth;
  d.blockRows = min(max(BLOCK / (d.toWidth * d.channels), 1), d.toHeight);
  d.blocks = (d.toHeight + d.blockRows - 1) / d.blockRows;
  const count = <i64>d.batch * d.toHeight * d.toWidth * d.channels * d.filterHeight * d.filterWidth;
  parallel(pool, Job.DepthwiseConv, d.batch * d.blocks, count < SMALL);
}

export function depthwiseFilter(window: GroupedWindow, x: usize, dy: usize, dFilter: usize, pool: Pool): void {
  const d = describe(window, pool);
  d.x = x;
  d.y = dy;
  d.filter = dFilter;
  d.fromHeight = window.inHeight;
  d.fromWidth = window.inWidth;
  d.toHeight = window.outHeight;
  d.toWidth = window.outWidth;
  const count = <i64>d.batch * d.toHeight * d.toWidth * d.channels * d.filterHeight * d.filterWidth;
  parallel(pool, Job.DepthwiseFilter, (d.channels + CHANNELS - 1) / CHANNELS, count < SMALL);
}

function describe(window: GroupedWindow, pool: Pool): Depthwise {
  const d = described(pool);
  d.batch = window.batch;
  d.channels = window.inChannels;
  d.filterHeight = window.filterHeight;
  d.filterWidth = window.filterWidth;
  d.strideY = window.strideY;
  d.strideX = window.strideX;
  d.dilationY = window.dilationY;
  d.dilationX = window.dilationX;
  d.padTop = window.padTop;
  d.padLeft = window.padLeft;
  return d;
}
