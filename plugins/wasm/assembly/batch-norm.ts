/**
 * Batch normalisation in training mode with a (leaky) ReLU after it, and its gradient, over the rows of x [rows, channels].
 * Blocks of rows have a fixed size, and what they give is put together in their order, so that the number of threads
 * does not show.
 */
import {Job} from './jobs';
import {parallel, Pool} from './pool';

/** Floats in a block of rows: small enough for the second-level cache, as it is read twice. */
const BLOCK: i32 = 1 << 14;
/** Elements below which no thread is woken. */
const SMALL: i32 = 1 << 13;

@unmanaged
export class BatchNorm {
  x: usize;
  /** For the gradient: dy and dx. Otherwise y is in `out`. */
  dy: usize;
  out: usize;
  rows: i32;
  /** A multiple of 4. */
  channels: i32;
  blockRows: i32;
  slope: f32;
  /** [channels] each. */
  mean: usize;
  /** weight / sqrt(variance + eps), and bias. */
  scale: usize;
  bias: usize;
  /** 1 / sqrt(variance + eps); of the gradient, the means of dz and of dz * normalised x. */
  inverse: usize;
  meanDz: usize;
  meanDzNormal: usize;
  /** Two rows of sums for each block. */
  partial: usize;
}

@inline
function described(pool: Pool): BatchNorm {
  return changetype<BatchNorm>(pool.struct(0));
}

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
  x: usize, weight: usize, bias: usize, dy: usize, mean: usize, variance: usize, dx: usize, dWeight: usize, dBias: usize,
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

/** Mean and sum of squared deviations of one block, for four channels at a time. */
export function batchMomentsChunk(chunk: i32, pool: Pool): void {
  const b = described(pool);
  const line = <usize>b.channels << 2;
  const first = chunk * b.blockRows;
  const rows = min(b.blockRows, b.rows - first);
  const from = b.x + <usize>first * line;
  const to = b.partial + <usize>(2 * chunk) * line;
  const share = f32x4.splat(1.0 / <f32>rows);
  for (let c: usize = 0; c < line; c += 16) {
    let sum = f32x4.splat(0);
    for (let at = from + c, end = at + <usize>rows * line; at < end; at += line) sum = f32x4.add(sum, v128.load(at));
    const mean = f32x4.mul(sum, share);
    let squares = f32x4.splat(0);
    for (let at = from + c, end = at + <usize>rows * line; at < end; at += line) {
      const deviation = f32x4.sub(v128.load(at), mean);
      squares = f32x4.add(squares, f32x4.mul(deviation, deviation));
    }
    v128.store(to + c, mean);
    v128.store(to + line + c, squares);
  }
}

/** Puts blocks together (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). */
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

@inline
function activate(z: v128, slope: v128): v128 {
  return v128.bitselect(z, f32x4.mul(z, slope), f32x4.gt(z, f32x4.splat(0)));
}

export function batchNormalizeChunk(chunk: i32, pool: Pool): void {
  const b = described(pool);
  const line = <usize>b.channels << 2;
  const first = chunk * b.blockRows;
  const slope = f32x4.splat(b.slope);
  let at = b.x + <usize>first * line, to = b.out + <usize>first * line;
  for (const end = at + <usize>min(b.blockRows, b.rows - first) * line; at < end; at += line, to += line) {
    for (let c: usize = 0; c < line; c += 16) {
      const deviation = f32x4.sub(v128.load(at + c), v128.load(b.mean + c));
      v128.store(to + c, activate(f32x4.add(f32x4.mul(deviation, v128.load(b.scale + c)), v128.load(b.bias + c)), slope));
    }
  }
}

/** dy times the derivative of the activation. */
@inline
function preactivation(b: BatchNorm, deviation: v128, dy: v128, c: usize): v128 {
  const z = f32x4.add(f32x4.mul(deviation, v128.load(b.scale + c)), v128.load(b.bias + c));
  return v128.bitselect(dy, f32x4.mul(dy, f32x4.splat(b.slope)), f32x4.gt(z, f32x4.splat(0)));
}

export function batchGradSumsChunk(chunk: i32, pool: Pool): void {
  const b = described(pool);
  const line = <usize>b.channels << 2;
  const first = chunk * b.blockRows;
  const start = <usize>first * line;
  const end = start + <usize>min(b.blockRows, b.rows - first) * line;
  const to = b.partial + <usize>(2 * chunk) * line;
  for (let c: usize = 0; c < line; c += 16) {
    const mean = v128.load(b.mean + c);
    let sum = f32x4.splat(0), products = sum;
    for (let at = start + c; at < end; at += line) {
      const deviation = f32x4.sub(v128.load(b.x + at), mean);
      const dz = preactivation(b, deviation, v128.load(b.dy + at), c);
      sum = f32x4.add(sum, dz);
      products = f32x4.add(products, f32x4.mul(dz, deviation));
    }
    v128.store(to + c, sum);
    v128.store(to + line + c, f32x4.mul(products, v128.load(b.inverse + c)));
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

export function batchGradChunk(chunk: i32, pool: Pool): void {
  const b = described(pool);
  const line = <usize>b.channels << 2;
  const first = chunk * b.blockRows;
  let at = <usize>first * line;
  for (const end = at + <usize>min(b.blockRows, b.rows - first) * line; at < end; at += line) {
    for (let c: usize = 0; c < line; c += 16) {
      const deviation = f32x4.sub(v128.load(b.x + at + c), v128.load(b.mean + c));
      const dz = preactivation(b, deviation, v128.load(b.dy + at + c), c);
      const normal = f32x4.mul(deviation, v128.load(b.inverse + c));
      const centred = f32x4.sub(f32x4.sub(dz, v128.load(b.meanDz + c)), f32x4.mul(normal, v128.load(b.meanDzNormal + c)));
      v128.store(b.out + at + c, f32x4.mul(centred, v128.load(b.scale + c)));
    }
  }
}
