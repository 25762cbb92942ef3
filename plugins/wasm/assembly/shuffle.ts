import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';
import {described} from './shuffle-chunk';

/** Floats below which no thread is woken. */
const SMALL: i32 = 1 << 14;

/**
 * large[n, h r + i, w r + j, c] = small[n, h, w, c r^2 + i r + j] or, `back`, the other way round. Sides are those of
 * the small image, channels those of the large one.
 */
export function shuffle(
  from: usize, to: usize, batch: i32, height: i32, width: i32, channels: i32, factor: i32, back: bool, pool: Pool,
): void {
  const s = described(pool);
  s.small = back ? to : from;
  s.large = back ? from : to;
  s.width = width;
  s.channels = channels;
  s.factor = factor;
  s.back = back ? 1 : 0;
  parallel(pool, Job.Shuffle, batch * height, batch * height * width * channels * factor * factor < SMALL);
}
