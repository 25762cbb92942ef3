/**
 * Pixels of the same length, y = x / sqrt(mean over the channels of x^2 + eps), and the gradient of x, for x [rows,
 * channels].
 */
import {Job} from './job';
import {parallel} from './parallel';
import {described} from './pixel-norm-chunks';
import {Pool} from './pool';

/** Floats in a chunk. */
const BLOCK: i32 = 1 << 14;
/** Elements below which no thread is woken. */
const SMALL: i32 = 1 << 13;

export function pixelNorm(x: usize, y: usize, rows: i32, channels: i32, eps: f32, pool: Pool): void {
  run(Job.PixelNorm, x, 0, y, rows, channels, eps, pool);
}

export function pixelNormGrad(x: usize, dy: usize, dx: usize, rows: i32, channels: i32, eps: f32, pool: Pool): void {
  run(Job.PixelNormGrad, x, dy, dx, rows, channels, eps, pool);
}

function run(job: Job, x: usize, dy: usize, out: usize, rows: i32, channels: i32, eps: f32, pool: Pool): void {
  const p = described(pool);
  p.x = x;
  p.dy = dy;
  p.out = out;
  p.rows = rows;
  p.channels = channels;
  p.blockRows = max(BLOCK / channels, 1);
  p.eps = eps;
  parallel(pool, job, (rows + p.blockRows - 1) / p.blockRows, rows * channels < SMALL);
}
