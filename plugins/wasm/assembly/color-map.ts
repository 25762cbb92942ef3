/** The channels of each image through a linear map of its own (src/backends/fused/color-map.ts of gan). */
import {ColorMap, mapping} from './color-map-chunk';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';

/** Fewer elements are not worth waking anybody. */
const SMALL: i32 = 1 << 14;

export function colorMap(
  x: usize, matrices: usize, shifts: usize, means: usize, out: usize, images: i32, pixels: i32, channels: i32,
  pool: Pool,
): void {
  const m: ColorMap = mapping(pool);
  m.x = x;
  m.matrices = matrices;
  m.shifts = shifts;
  m.means = means;
  m.out = out;
  m.pixels = pixels;
  m.channels = channels;
  parallel(pool, Job.ColorMap, images, images * pixels * channels < SMALL);
}
