/** Chunks of batch normalisation and of its gradient: blocks of rows. */
import {Pool} from './pool';

@unmanaged
export class BatchNorm {
  x: usize;
  /** Of the gradient: dy and dx; otherwise y in `out`. */
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
export function described(pool: Pool): BatchNorm {
  return changetype<BatchNorm>(pool.struct(0));
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
      v128.store(to + c, activate(f32x4.add(f32x4.mul(deviation, v128.load(b.scale + c)), v128.load(b.bias + c)),
        slope));
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
      const centred = f32x4.sub(f32x4.sub(dz, v128.load(b.meanDz + c)), f32x4.mul(normal,
        v128.load(b.meanDzNormal + c)));
      v128.store(b.out + at + c, f32x4.mul(centred, v128.load(b.scale + c)));
    }
  }
}
