/** Optimiser updates of one parameter, in one pass; rounded operation by operation as the compositions of src/gan/optim are. */
import {Job} from './jobs';
import {parallel, Pool} from './pool';

const CHUNK: i32 = 1 << 14;

@unmanaged
export class Update {
  value: usize;
  gradient: usize;
  average: usize;
  squares: usize;
  newValue: usize;
  newAverage: usize;
  newSquares: usize;
  count: i32;
  /** The value times this is where the step begins. */
  keep: f32;
  /** Weight decay that is added to the gradient. */
  decay: f32;
  /** Factors of the old average and of the gradient in the new one; no average if the address is 0. */
  momentum: f32;
  dampening: f32;
  /** Factors of the old average of squares and of the square in the new one; none if the address is 0. */
  squareMomentum: f32;
  squareShare: f32;
  /** Factor of the average of squares under the root. */
  correction: f32;
  eps: f32;
  rate: f32;
}

/** `update` describes the step field by field. */
export function updateParameter(update: Update, pool: Pool): void {
  memory.copy(pool.struct(0), changetype<usize>(update), offsetof<Update>());
  parallel(pool, Job.Update, (update.count + CHUNK - 1) / CHUNK, update.count < CHUNK);
}

export function updateChunk(chunk: i32, pool: Pool): void {
  const u = changetype<Update>(pool.struct(0));
  const end = <usize>min((chunk + 1) * CHUNK, u.count) << 2;
  let at = <usize>(chunk * CHUNK) << 2;
  for (; at + 16 <= end; at += 16) {
    const value = v128.load(u.value + at);
    let slope = v128.load(u.gradient + at);
    if (u.decay != 0) slope = f32x4.add(slope, f32x4.mul(value, f32x4.splat(u.decay)));
    let direction = slope;
    if (u.average) {
      const old = f32x4.mul(v128.load(u.average + at), f32x4.splat(u.momentum));
      direction = f32x4.add(old, u.dampening == 1 ? slope : f32x4.mul(slope, f32x4.splat(u.dampening)));
      v128.store(u.newAverage + at, direction);
    }
    if (u.squares) {
      const old = f32x4.mul(v128.load(u.squares + at), f32x4.splat(u.squareMomentum));
      const squares = f32x4.add(old, f32x4.mul(f32x4.mul(slope, slope), f32x4.splat(u.squareShare)));
      v128.store(u.newSquares + at, squares);
      direction = f32x4.div(direction, f32x4.add(f32x4.sqrt(f32x4.mul(squares, f32x4.splat(u.correction))), f32x4.splat(u.eps)));
    }
    v128.store(u.newValue + at, f32x4.sub(f32x4.mul(value, f32x4.splat(u.keep)), f32x4.mul(direction, f32x4.splat(u.rate))));
  }
  for (; at < end; at += 4) {
    const value = load<f32>(u.value + at);
    let slope = load<f32>(u.gradient + at);
    if (u.decay != 0) slope = slope + value * u.decay;
    let direction = slope;
    if (u.average) {
      direction = load<f32>(u.average + at) * u.momentum + (u.dampening == 1 ? slope : slope * u.dampening);
      store<f32>(u.newAverage + at, direction);
    }
    if (u.squares) {
      const squares = load<f32>(u.squares + at) * u.squareMomentum + slope * slope * u.squareShare;
      store<f32>(u.newSquares + at, squares);
      direction = direction / (Mathf.sqrt(squares * u.correction) + u.eps);
    }
    store<f32>(u.newValue + at, value * u.keep - direction * u.rate);
  }
}
