/**
 * Batch normalisation in training mode with a (leaky) ReLU after it, and its gradient, over the rows of x [rows,
 * channels].
 * Blocks of rows have a fixed size, and what they give is put together in their order, so that the number of threads
 * does not show.
 */
import {BatchNorm, described} from './batch-norm-chunks';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';

/** Floats in a block of rows: small enough for the second-level cache, as it is read twice. */
const BLOCK: i32 = 1 << 14;
/** Elements below which no thread is woken. */
const SMALL: i32 = 1 << 13;

@inline
function blocksOf(rows: i32, blockRows: i32): i32 {
  return (rows + blockRows - 1) / blockRows;
}

@inline
function blockRowsOf(channels: i32): i32 {
  return max(BLOCK / channels, 1);
}

/** Bytes of the buffer that both functions need. */
export function batchNormBytes(rows: i32, channels: i32): usize {
  return <usize>((2 * blocksOf(rows, blockRowsOf(channels)) + 4) * channels) << 2;
}

/** y = activation((x - mean) * weight / sqrt(variance + eps) + bias), and the statistics of the batch. */
export function batchNorm(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, variance: usize,
  rows: i32, channels: i32, eps: f32, slope: f32, buffer: usize, pool: Pool,
): void {
  const b = describe(pool, x, bias, y, mean, rows, channels, slope, buffer);
  parallel(pool, Job.BatchMoments, blocksOf(rows, b.blockRows), rows * channels < SMALL);
  combineMoments(b, variance);
  scales(b, weight, variance, eps);
  parallel(pool, Job.BatchNormalize, blocksOf(rows, b.blockRows), rows * channels < SMALL);
}

/** Gradients of x, weight and bias, given that of y and the statistics of the batch. */
export function batchNormGrad(
  x: usize, weight: usize, bias: usize, dy: usize, mean: usize, variance: usize, dx: usize, dWeight: usize,
  dBias: usize,
  rows: i32, channels: i32, eps: f32, slope: f32, buffer: usize, pool: Pool,
): void {
  const b = describe(pool, x, bias, dx, mean, rows, channels, slope, buffer);
  b.dy = dy;
  scales(b, weight, variance, eps);
  const blocks = blocksOf(rows, b.blockRows);
  parallel(pool, Job.BatchGradSums, blocks, rows * channels < SMALL);
  addBlocks(b.partial, blocks, channels, dBias, b.meanDz, rows);
  addBlocks(b.partial + (<usize>channels << 2), blocks, channels, dWeight, b.meanDzNormal, rows);
  parallel(pool, Job.BatchGrad, blocks, rows * channels < SMALL);
}

function describe(
  pool: Pool, x: usize, bias: usize, out: usize, mean: usize, rows: i32, channels: i32, slope: f32, buffer: usize,
): BatchNorm {
  const b = described(pool);
  const line = <usize>channels << 2;
  b.x = x;
  b.out = out;
  b.rows = rows;
  b.channels = channels;
  b.blockRows = blockRowsOf(channels);
  b.slope = slope;
  b.mean = mean;
  b.bias = bias;
  b.scale = buffer;
  b.inverse = buffer + line;
  b.meanDz = buffer + 2 * line;
  b.meanDzNormal = buffer + 3 * line;
  b.partial = buffer + 4 * line;
  return b;
}

/**
 * Puts blocks together (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
 * variances", 1979).
 */
function combineMoments(b: BatchNorm, variance: usize): void {
  const line = <usize>b.channels << 2;
  const share = f32x4.splat(1.0 / <f32>b.rows);
  for (let c: usize = 0; c < line; c += 16) {
    let mean = v128.load(b.partial + c), squares = v128.load(b.partial + line + c);
    let from = b.partial + 2 * line + c;
    for (let done = b.blockRows; done < b.rows; done += b.blockRows, from += 2 * line) {
      const rows = min(b.blockRows, b.rows - done);
      const all = <f32>(done + rows);
      const difference = f32x4.sub(v128.load(from), mean);
      mean = f32x4.add(mean, f32x4.mul(difference, f32x4.splat(<f32>rows / all)));
      const between = f32x4.mul(f32x4.mul(difference, difference), f32x4.splat(<f32>done * (<f32>rows / all)));
      squares = f32x4.add(squares, f32x4.add(v128.load(from + line), between));
    }
    v128.store(b.mean + c, mean);
    v128.store(variance + c, f32x4.mul(squares, share));
  }
}

function scales(b: BatchNorm, weight: usize, variance: usize, eps: f32): void {
  for (let c: usize = 0; c < <usize>b.channels << 2; c += 16) {
    const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(v128.load(variance + c), f32x4.splat(eps))));
    v128.store(b.inverse + c, inverse);
    v128.store(b.scale + c, f32x4.mul(inverse, v128.load(weight + c)));
  }
}

/** Adds up one of the two rows of all blocks, and divides by the number of rows of x. */
function addBlocks(from: usize, blocks: i32, channels: i32, sums: usize, means: usize, rows: i32): void {
  const line = <usize>channels << 2;
  const share = f32x4.splat(1.0 / <f32>rows);
  for (let c: usize = 0; c < line; c += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0, at = from + c; i < blocks; i++, at += 2 * line) sum = f32x4.add(sum, v128.load(at));
    v128.store(sums + c, sum);
    v128.store(means + c, f32x4.mul(sum, share));
  }
}
