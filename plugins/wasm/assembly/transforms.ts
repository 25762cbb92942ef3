/**
 * One-dimensional transforms of minimal filtering F(m, r): m outputs of a filter with r taps by n = m + r - 1
 * multiplications instead of m r (Winograd, "Arithmetic complexity of computations", 1980; Lavin and Gray, arXiv
 * 1509.09308):
 *
 *     y = Output((Filter g) * (Data d)),    so    dg = Taps((Gradient dy) * (Data d)),
 *
 * where Gradient and Taps are the transposes of Output and Filter. n names the variant: 3 is F(2, 2) with the points 0,
 * 1 and
 * infinity; 5 is F(4, 2) with 0, 1, -1, 2, infinity; 6 is F(4, 3) with 0, 1, -1, 2, -2, infinity. The matrices are
 * those
 * of Toom and Cook: for a point p, Data holds the coefficients of the product of (x - q) over the other points q,
 * Filter
 * has 1, p, p^2 divided by the value of that product at p, Output has 1, p, p^2, p^3.
 *
 * Each function does `count` transforms of four channels at a time, or of eight: the i-th number is read at `from + i *
 * step`
 * and written at `to + i * toStep`; the next transform begins at `from + next`, `to + toNext`.
 */
import {SIDE, WIDE} from './lanes';

/** Outputs of variant n along one axis. */
@inline
export function outputsOf(n: i32): i32 {
  return n == 3 ? 2 : 4;
}
/** Taps of variant n along one axis. */
@inline
export function tapsOf(n: i32): i32 {
  return n == 6 ? 3 : 2;
}

/** Copies what is computed side by side. */
@inline
export function copySide(from: usize, to: usize): void {
  const a = v128.load(from), b = v128.load(from, SIDE - 16);
  v128.store(to, a);
  if (WIDE) v128.store(to, b, 16);
}
@inline
export function clearSide(to: usize): void {
  v128.store(to, f32x4.splat(0));
  if (WIDE) v128.store(to, f32x4.splat(0), 16);
}

/** The transforms; `Row` says which, for `apply`. */
const enum Transform {
  Data,
  Filter,
  Output,
  Gradient,
  Taps,
}

export function transformData(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  if (n == 3) apply(Transform.Data, 3, 3, 3, count, from, step, next, to, toStep, toNext);
  else if (n == 5) apply(Transform.Data, 5, 5, 5, count, from, step, next, to, toStep, toNext);
  else apply(Transform.Data, 6, 6, 6, count, from, step, next, to, toStep, toNext);
}

export function transformFilter(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  if (n == 3) apply(Transform.Filter, 3, 2, 3, count, from, step, next, to, toStep, toNext);
  else if (n == 5) apply(Transform.Filter, 5, 2, 5, count, from, step, next, to, toStep, toNext);
  else apply(Transform.Filter, 6, 3, 6, count, from, step, next, to, toStep, toNext);
}

export function transformOutput(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  if (n == 3) apply(Transform.Output, 3, 3, 2, count, from, step, next, to, toStep, toNext);
  else if (n == 5) apply(Transform.Output, 5, 5, 4, count, from, step, next, to, toStep, toNext);
  else apply(Transform.Output, 6, 6, 4, count, from, step, next, to, toStep, toNext);
}

export function transformGradient(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  if (n == 3) apply(Transform.Gradient, 3, 2, 3, count, from, step, next, to, toStep, toNext);
  else if (n == 5) apply(Transform.Gradient, 5, 4, 5, count, from, step, next, to, toStep, toNext);
  else apply(Transform.Gradient, 6, 4, 6, count, from, step, next, to, toStep, toNext);
}

export function transformTaps(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  if (n == 3) apply(Transform.Taps, 3, 3, 2, count, from, step, next, to, toStep, toNext);
  else if (n == 5) apply(Transform.Taps, 5, 5, 2, count, from, step, next, to, toStep, toNext);
  else apply(Transform.Taps, 6, 6, 3, count, from, step, next, to, toStep, toNext);
}

/**
 * Both axes of the data of variant 3 at once, which stays in registers: 3 x 3 numbers, the rows `down` and the columns
 * `across` bytes apart. The number of point p is written at `to + p * plane`.
 */
@inline
export function transformData3(from: usize, down: usize, across: usize, to: usize, plane: usize): void {
  const middle = from + down, last = middle + down;
  const far = across + across, side: usize = SIDE - 16;
  const a = v128.load(from), a2 = v128.load(from, side);
  const b = v128.load(from + across), b2 = v128.load(from + across, side);
  const c = v128.load(from + far), c2 = v128.load(from + far, side);
  const d = v128.load(middle), d2 = v128.load(middle, side);
  const e = v128.load(middle + across), e2 = v128.load(middle + across, side);
  const f = v128.load(middle + far), f2 = v128.load(middle + far, side);
  const g = v128.load(last), g2 = v128.load(last, side);
  const h = v128.load(last + across), h2 = v128.load(last + across, side);
  const i = v128.load(last + far), i2 = v128.load(last + far, side);
  to = three(to, plane, sub(a, d), sub(b, e), sub(c, f), sub(a2, d2), sub(b2, e2), sub(c2, f2));
  to = three(to, plane, d, e, f, d2, e2, f2);
  three(to, plane, sub(g, d), sub(h, e), sub(i, f), sub(g2, d2), sub(h2, e2), sub(i2, f2));
}

/** The three points of a row, and those of the channels beside it; returns where the next row goes. */
@inline
function three(to: usize, plane: usize, a: v128, b: v128, c: v128, a2: v128, b2: v128, c2: v128): usize {
  v128.store(to, sub(a, b));
  if (WIDE) v128.store(to, sub(a2, b2), 16);
  to += plane;
  v128.store(to, b);
  if (WIDE) v128.store(to, b2, 16);
  to += plane;
  v128.store(to, sub(c, b));
  if (WIDE) v128.store(to, sub(c2, b2), 16);
  return to + plane;
}

/**
 * Both axes of the outputs of variant 3 at once: the number of point p is read at `from + p * plane`, and 2 x 2 numbers
 * are written, the rows `down` and the columns `across` bytes apart.
 */
@inline
export function transformOutput3(from: usize, plane: usize, to: usize, down: usize, across: usize): void {
  const middle = from + 3 * plane, last = middle + 3 * plane;
  const far = plane + plane, side: usize = SIDE - 16;
  const d = v128.load(middle), d2 = v128.load(middle, side);
  const e = v128.load(middle + plane), e2 = v128.load(middle + plane, side);
  const f = v128.load(middle + far), f2 = v128.load(middle + far, side);
  const a = add(v128.load(from), d), a2 = add(v128.load(from, side), d2);
  const b = add(v128.load(from + plane), e), b2 = add(v128.load(from + plane, side), e2);
  const c = add(v128.load(from + far), f), c2 = add(v128.load(from + far, side), f2);
  const g = add(d, v128.load(last)), g2 = add(d2, v128.load(last, side));
  const h = add(e, v128.load(last + plane)), h2 = add(e2, v128.load(last + plane, side));
  const i = add(f, v128.load(last + far)), i2 = add(f2, v128.load(last + far, side));
  v128.store(to, add(a, b));
  if (WIDE) v128.store(to, add(a2, b2), 16);
  v128.store(to + across, add(b, c));
  if (WIDE) v128.store(to + across, add(b2, c2), 16);
  v128.store(to + down, add(g, h));
  if (WIDE) v128.store(to + down, add(g2, h2), 16);
  v128.store(to + down + across, add(h, i));
  if (WIDE) v128.store(to + down + across, add(h2, i2), 16);
}

/** All numbers are read before the first is written, so that engines can join what lies side by side. */
@inline
function apply(
  transform: Transform, n: i32, inputs: i32, outputs: i32,
  count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  const side: usize = SIDE - 16;
  for (; count > 0; count--, from += next, to += toNext) {
    const f2 = from + 2 * step, f3 = from + 3 * step, f4 = from + 4 * step, f5 = from + 5 * step;
    const a = v128.load(from), a2 = v128.load(from, side);
    const b = v128.load(from + step), b2 = v128.load(from + step, side);
    const c = inputs > 2 ? v128.load(f2) : a, c2 = inputs > 2 ? v128.load(f2, side) : a2;
    const d = inputs > 3 ? v128.load(f3) : a, d2 = inputs > 3 ? v128.load(f3, side) : a2;
    const e = inputs > 4 ? v128.load(f4) : a, e2 = inputs > 4 ? v128.load(f4, side) : a2;
    const f = inputs > 5 ? v128.load(f5) : a, h2 = inputs > 5 ? v128.load(f5, side) : a2;
    put(transform, n, 0, to, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
    put(transform, n, 1, to + toStep, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
    if (outputs > 2) put(transform, n, 2, to + 2 * toStep, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
    if (outputs > 3) put(transform, n, 3, to + 3 * toStep, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
    if (outputs > 4) put(transform, n, 4, to + 4 * toStep, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
    if (outputs > 5) put(transform, n, 5, to + 5 * toStep, a, b, c, d, e, f, a2, b2, c2, d2, e2, h2);
  }
}

/** Writes the i-th number of a transform, and that of the channels beside it. */
@inline
function put(
  transform: Transform, n: i32, i: i32, to: usize,
  a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, a2: v128, b2: v128, c2: v128, d2: v128, e2: v128, f2: v128,
): void {
  v128.store(to, number(transform, n, i, a, b, c, d, e, f));
  if (WIDE) v128.store(to, number(transform, n, i, a2, b2, c2, d2, e2, f2), 16);
}

/** The i-th number of a transform. */
@inline
function number(transform: Transform, n: i32, i: i32, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  if (transform == Transform.Data) return data(n, i, a, b, c, d, e, f);
  if (transform == Transform.Filter) return filter(n, i, a, b, c);
  if (transform == Transform.Output) return output(n, i, a, b, c, d, e, f);
  if (transform == Transform.Gradient) return gradient(n, i, a, b, c, d);
  return taps(n, i, a, b, c, d, e, f);
}

@inline
function data(n: i32, i: i32, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  if (n == 3) {
    if (i == 0) return sub(a, b);
    return i == 1 ? b : sub(c, b);
  }
  if (n == 5) {
    const db = sub(d, b);
    if (i == 0) return add(sub(add(a, a), add(c, c)), db);
    if (i == 1) return sub(sub(db, b), c);
    if (i == 2) return sub(add(add(b, b), d), times(3, c));
    return i == 3 ? db : sub(sub(e, c), add(db, db));
  }
  const p = sub(e, times(4, c)), q = sub(d, times(4, b));
  const s = sub(e, c), t = times(2, sub(d, b));
  if (i == 0) return add(sub(times(4, a), times(5, c)), e);
  if (i == 1) return add(p, q);
  if (i == 2) return sub(p, q);
  if (i == 3) return add(s, t);
  return i == 4 ? sub(s, t) : add(sub(times(4, b), times(5, d)), f);
}

@inline
function filter(n: i32, i: i32, a: v128, b: v128, c: v128): v128 {
  if (n == 3) {
    if (i == 0) return a;
    return i == 1 ? add(a, b) : b;
  }
  if (n == 5) {
    if (i == 0) return times(0.5, a);
    if (i == 1) return times(-0.5, add(a, b));
    if (i == 2) return times(1.0 / 6, sub(b, a));
    return i == 3 ? times(1.0 / 6, add(a, add(b, b))) : b;
  }
  const ac = times(-1.0 / 6, add(a, c)), sixth = times(1.0 / 6, b);
  const outer = add(times(1.0 / 24, a), times(1.0 / 6, c)), twelfth = times(1.0 / 12, b);
  if (i == 0) return times(0.25, a);
  if (i == 1) return sub(ac, sixth);
  if (i == 2) return add(ac, sixth);
  if (i == 3) return add(outer, twelfth);
  return i == 4 ? sub(outer, twelfth) : c;
}

@inline
function output(n: i32, i: i32, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  if (n == 3) return i == 0 ? add(a, b) : add(b, c);
  const sum = add(b, c), difference = sub(b, c);
  if (n == 5) {
    if (i == 0) return add(add(a, sum), d);
    if (i == 1) return add(difference, add(d, d));
    return i == 2 ? add(sum, times(4, d)) : add(add(difference, times(8, d)), e);
  }
  const outerSum = add(d, e), outerDifference = sub(d, e);
  if (i == 0) return add(add(a, sum), outerSum);
  if (i == 1) return add(difference, times(2, outerDifference));
  return i == 2 ? add(sum, times(4, outerSum)) : add(add(difference, times(8, outerDifference)), f);
}

@inline
function gradient(n: i32, i: i32, a: v128, b: v128, c: v128, d: v128): v128 {
  if (i == 0) return a;
  if (n == 3) return i == 1 ? add(a, b) : b;
  if (i == n - 1) return d;
  if (i == 1) return add(add(a, c), add(b, d));
  if (i == 2) return sub(add(a, c), add(b, d));
  const even = add(a, times(4, c)), odd = add(add(b, b), times(8, d));
  return i == 3 ? add(even, odd) : sub(even, odd);
}

@inline
function taps(n: i32, i: i32, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  if (n == 3) return i == 0 ? add(a, b) : add(b, c);
  if (n == 5) {
    if (i == 0) return add(times(0.5, sub(a, b)), times(1.0 / 6, sub(d, c)));
    return add(add(times(-0.5, b), times(1.0 / 6, c)), add(times(1.0 / 3, d), e));
  }
  const sum = times(-1.0 / 6, add(b, c)), difference = times(1.0 / 6, sub(c, b));
  const outerSum = add(d, e), outerDifference = sub(d, e);
  if (i == 0) return add(add(times(0.25, a), sum), times(1.0 / 24, outerSum));
  return i == 1 ? add(difference, times(1.0 / 12, outerDifference)) : add(add(sum, times(1.0 / 6, outerSum)), f);
}

@inline
function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}
@inline
function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}
@inline
function times(factor: f32, a: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), a);
}
