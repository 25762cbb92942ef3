/** One chunk of a parameter in an optimiser's update. */
import {Pool} from './pool';

export const CHUNK: i32 = 1 << 14;

/** A parameter of the list. */
@unmanaged
export class Update {
  value: usize;
  gradient: usize;
  average: usize;
  squares: usize;
  newValue: usize;
  newAverage: usize;
  newSquares: usize;
  coefficients: Coefficients;
  count: i32;
  /** Chunks of the parameters before it. */
  firstChunk: i32;
}

/** A row of the tensor of coefficients. */
@unmanaged
class Coefficients {
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
  /** New values lie in [-bound, bound]. */
  bound: f32;
}

@unmanaged
export class List {
  updates: usize;
  length: i32;
}

export function at(updates: usize, i: i32): Update {
  return changetype<Update>(updates + <usize>i * offsetof<Update>());
}

/** The parameter that a chunk belongs to: the last one that does not begin after it. */
function find(list: List, chunk: i32): Update {
  let low = 0;
  let high = list.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(list.updates, middle).firstChunk <= chunk) low = middle;
    else high = middle;
  }
  return at(list.updates, low);
}

export function updateChunk(index: i32, pool: Pool): void {
  const u = find(changetype<List>(pool.struct(0)), index);
  const c = u.coefficients;
  const chunk = index - u.firstChunk;
  const end = <usize>min((chunk + 1) * CHUNK, u.count) << 2;
  let at = <usize>(chunk * CHUNK) << 2;
  for (; at + 16 <= end; at += 16) {
    const value = v128.load(u.value + at);
    let slope = v128.load(u.gradient + at);
    if (c.decay != 0) slope = f32x4.add(slope, f32x4.mul(value, f32x4.splat(c.decay)));
    let direction = slope;
    if (u.average) {
      const old = f32x4.mul(v128.load(u.average + at), f32x4.splat(c.momentum));
      direction = f32x4.add(old, c.dampening == 1 ? slope : f32x4.mul(slope, f32x4.splat(c.dampening)));
      v128.store(u.newAverage + at, direction);
    }
    if (u.squares) {
      const old = f32x4.mul(v128.load(u.squares + at), f32x4.splat(c.squareMomentum));
      const squares = f32x4.add(old, f32x4.mul(f32x4.mul(slope, slope), f32x4.splat(c.squareShare)));
      v128.store(u.newSquares + at, squares);
      direction = f32x4.div(direction, f32x4.add(f32x4.sqrt(f32x4.mul(squares, f32x4.splat(c.correction))),
        f32x4.splat(c.eps)));
    }
    const moved = f32x4.sub(f32x4.mul(value, f32x4.splat(c.keep)), f32x4.mul(direction, f32x4.splat(c.rate)));
    v128.store(u.newValue + at, f32x4.min(f32x4.max(moved, f32x4.splat(-c.bound)), f32x4.splat(c.bound)));
  }
  for (; at < end; at += 4) {
    const value = load<f32>(u.value + at);
    let slope = load<f32>(u.gradient + at);
    if (c.decay != 0) slope = slope + value * c.decay;
    let direction = slope;
    if (u.average) {
      direction = load<f32>(u.average + at) * c.momentum + (c.dampening == 1 ? slope : slope * c.dampening);
      store<f32>(u.newAverage + at, direction);
    }
    if (u.squares) {
      const squares = load<f32>(u.squares + at) * c.squareMomentum + slope * slope * c.squareShare;
      store<f32>(u.newSquares + at, squares);
      direction = direction / (Mathf.sqrt(squares * c.correction) + c.eps);
    }
    const moved = value * c.keep - direction * c.rate;
    store<f32>(u.newValue + at, min<f32>(max<f32>(moved, -c.bound), c.bound));
  }
}
