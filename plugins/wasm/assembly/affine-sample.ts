/** Images seen through affine maps, and the transpose of that (src/backends/fused/affine-sample.ts of gan). */
import {AffineSample, sampling} from './affine-sample-chunk';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';

/** Fewer elements are not worth waking anybody. */
const SMALL: i32 = 1 << 14;

/** The source has the size `height` by `width`, what is seen of it `outHeight` by `outWidth`. */
export function affineSample(
  source: usize, maps: usize, seen: usize, images: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  channels: i32, reflect: bool, transposed: bool, pool: Pool,
): void {
  const s: AffineSample = sampling(pool);
  s.source = source;
  s.maps = maps;
  s.seen = seen;
  s.height = height;
  s.width = width;
  s.outHeight = outHeight;
  s.outWidth = outWidth;
  s.channels = channels;
  s.reflect = i32(reflect);
  const job = transposed ? Job.AffineSampleTranspose : Job.AffineSample;
  parallel(pool, job, images, images * outHeight * outWidth * channels < SMALL);
}
