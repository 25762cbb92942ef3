/** Images of another size, where each line of pixels is a mix of a few others: rows first, then columns. */
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';
import {described} from './resample-chunk';

/** Floats of the result in a chunk. */
const BLOCK: i32 = 1 << 15;
/** Floats of the result below which no thread is woken. */
const SMALL: i32 = 1 << 13;

/**
 * y[n, i, j] = sum of rowWeight columnWeight x[n, row, column] over the taps of row i and of column j. A table has
 * where the taps of each line begin and where the last ones end (int32), then the taps: the line they are of (int32)
 * and their weight. `lines` has room for a row of x for each thread.
 */
export function resample(
  x: usize, y: usize, batch: i32, inHeight: i32, inWidth: i32, outHeight: i32, outWidth: i32, channels: i32,
  rows: usize, columns: usize, lines: usize, pool: Pool,
): void {
  const r = described(pool);
  r.x = x;
  r.y = y;
  r.inHeight = inHeight;
  r.inWidth = inWidth;
  r.outHeight = outHeight;
  r.outWidth = outWidth;
  r.channels = channels;
  r.rows = rows;
  r.columns = columns;
  r.lines = lines;
  const width = outWidth * channels;
  r.blockRows = min(max(BLOCK / width, 1), outHeight);
  r.blocks = (outHeight + r.blockRows - 1) / r.blockRows;
  parallel(pool, Job.Resample, batch * r.blocks, batch * outHeight * width < SMALL);
}
