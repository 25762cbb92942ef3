/**
 * Gradient of a convolution's input, which is also a transposed convolution, for few input channels, such as the last
 * layer of
 * a generator: one product without gaps gives what every output position adds under each tap, and each pixel collects
 * its
 * share. One image at a time, so that what lies in between stays in the cache.
 */
import {Conv2D} from './convolution';
import {Job} from './job';
import {PANEL} from './lanes';
import {Matrix} from './matrix';
import {parallel} from './parallel';
import {PACKED_FLOATS, Pool} from './pool';
import {columnsOf, imageBytes, scatter} from './scatter-chunk';

/** Channels from which a product for each phase is as good. */
const MANY: i32 = 8;

/** Bytes of the buffer that `scatterBackpropInput` needs; 0 where another way is better. */
export function scatterBytes(conv: Conv2D, threads: i32): usize {
  if (conv.inChannels >= MANY || (conv.outHeight * conv.outWidth) % 4 != 0) return 0;
  if (columnsOf(conv) * conv.outChannels > PACKED_FLOATS) return 0;
  return <usize>threads * imageBytes(conv);
}

export function scatterBackpropInput(
  conv: Conv2D,
  dy: usize,
  filter: usize,
  dx: usize,
  buffer: usize,
  pool: Pool,
): void {
  const s = scatter(pool);
  s.dy = dy;
  s.dx = dx;
  s.scratch = buffer;
  s.scratchBytes = imageBytes(conv);
  memory.copy(pool.struct(1), changetype<usize>(conv), offsetof<Conv2D>());
  const columns = conv.filterHeight * conv.filterWidth * conv.inChannels;
  const matrix = changetype<Matrix>(pool.struct(2));
  matrix.set(filter, conv.outChannels, 1);
  matrix.pack(pool.packed, conv.outChannels, 0, columns, 0, conv.outChannels, PANEL, pool.scratch(0).zeros);
  parallel(pool, Job.Scatter, conv.batch, false);
}
