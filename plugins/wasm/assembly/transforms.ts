/**
 * One-dimensional transforms of minimal filtering F(m, r): m outputs of a filter with r taps by n = m + r - 1
 * multiplications instead of m r (Winograd, "Arithmetic complexity of computations", 1980; Lavin and Gray, arXiv 1509.09308):
 *
 *     y = Output((Filter g) * (Data d)),    so    dg = Taps((Gradient dy) * (Data d)),
 *
 * where Gradient and Taps are the transposes of Output and Filter. n names the variant: 3 is F(2, 2) with the points 0, 1 and
 * infinity; 5 is F(4, 2) with 0, 1, -1, 2, infinity; 6 is F(4, 3) with 0, 1, -1, 2, -2, infinity. The matrices are those
 * of Toom and Cook: for a point p, Data holds the coefficients of the product of (x - q) over the other points q, Filter
 * has 1, p, p^2 divided by the value of that product at p, Output has 1, p, p^2, p^3.
 *
 * Each function does `count` transforms of four channels at a time: the i-th number is read at `from + i * step` and written
 * at `to + i * toStep`; the next transform begins at `from + next`, `to + toNext`.
 */

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

export function transformData(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  for (; count > 0; count--, from += next, to += toNext) {
    const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step);
    if (n == 3) {
      v128.store(to, sub(a, b));
      v128.store(to + toStep, b);
      v128.store(to + 2 * toStep, sub(c, b));
      continue;
    }
    const d = v128.load(from + 3 * step), e = v128.load(from + 4 * step);
    if (n == 5) {
      const db = sub(d, b);
      const ac = add(c, c);
      v128.store(to, add(sub(add(a, a), ac), db));
      v128.store(to + toStep, sub(sub(db, b), c));
      v128.store(to + 2 * toStep, sub(add(add(b, b), d), times(3, c)));
      v128.store(to + 3 * toStep, db);
      v128.store(to + 4 * toStep, sub(sub(e, c), add(db, db)));
      continue;
    }
    const f = v128.load(from + 5 * step);
    const p = sub(e, times(4, c)), q = sub(d, times(4, b));
    const s = sub(e, c), t = times(2, sub(d, b));
    v128.store(to, add(sub(times(4, a), times(5, c)), e));
    v128.store(to + toStep, add(p, q));
    v128.store(to + 2 * toStep, sub(p, q));
    v128.store(to + 3 * toStep, add(s, t));
    v128.store(to + 4 * toStep, sub(s, t));
    v128.store(to + 5 * toStep, add(sub(times(4, b), times(5, d)), f));
  }
}

export function transformFilter(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  for (; count > 0; count--, from += next, to += toNext) {
    const a = v128.load(from), b = v128.load(from + step);
    if (n == 3) {
      v128.store(to, a);
      v128.store(to + toStep, add(a, b));
      v128.store(to + 2 * toStep, b);
      continue;
    }
    if (n == 5) {
      v128.store(to, times(0.5, a));
      v128.store(to + toStep, times(-0.5, add(a, b)));
      v128.store(to + 2 * toStep, times(1.0 / 6, sub(b, a)));
      v128.store(to + 3 * toStep, times(1.0 / 6, add(a, add(b, b))));
      v128.store(to + 4 * toStep, b);
      continue;
    }
    const c = v128.load(from + 2 * step);
    const ac = times(-1.0 / 6, add(a, c)), sixth = times(1.0 / 6, b);
    const outer = add(times(1.0 / 24, a), times(1.0 / 6, c)), twelfth = times(1.0 / 12, b);
    v128.store(to, times(0.25, a));
    v128.store(to + toStep, sub(ac, sixth));
    v128.store(to + 2 * toStep, add(ac, sixth));
    v128.store(to + 3 * toStep, add(outer, twelfth));
    v128.store(to + 4 * toStep, sub(outer, twelfth));
    v128.store(to + 5 * toStep, c);
  }
}

export function transformOutput(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  for (; count > 0; count--, from += next, to += toNext) {
    const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step);
    if (n == 3) {
      v128.store(to, add(a, b));
      v128.store(to + toStep, add(b, c));
      continue;
    }
    const d = v128.load(from + 3 * step), e = v128.load(from + 4 * step);
    const sum = add(b, c), difference = sub(b, c);
    if (n == 5) {
      v128.store(to, add(add(a, sum), d));
      v128.store(to + toStep, add(difference, add(d, d)));
      v128.store(to + 2 * toStep, add(sum, times(4, d)));
      v128.store(to + 3 * toStep, add(add(difference, times(8, d)), e));
      continue;
    }
    const f = v128.load(from + 5 * step);
    const outerSum = add(d, e), outerDifference = sub(d, e);
    v128.store(to, add(add(a, sum), outerSum));
    v128.store(to + toStep, add(difference, times(2, outerDifference)));
    v128.store(to + 2 * toStep, add(sum, times(4, outerSum)));
    v128.store(to + 3 * toStep, add(add(difference, times(8, outerDifference)), f));
  }
}

export function transformGradient(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  for (; count > 0; count--, from += next, to += toNext) {
    const a = v128.load(from), b = v128.load(from + step);
    v128.store(to, a);
    if (n == 3) {
      v128.store(to + toStep, add(a, b));
      v128.store(to + 2 * toStep, b);
      continue;
    }
    const c = v128.load(from + 2 * step), d = v128.load(from + 3 * step);
    const even = add(a, c), odd = add(b, d);
    const even2 = add(a, times(4, c)), odd2 = add(add(b, b), times(8, d));
    v128.store(to + toStep, add(even, odd));
    v128.store(to + 2 * toStep, sub(even, odd));
    v128.store(to + 3 * toStep, add(even2, odd2));
    if (n == 6) v128.store(to + 4 * toStep, sub(even2, odd2));
    v128.store(to + <usize>(n - 1) * toStep, d);
  }
}

export function transformTaps(
  n: i32, count: i32, from: usize, step: usize, next: usize, to: usize, toStep: usize, toNext: usize,
): void {
  for (; count > 0; count--, from += next, to += toNext) {
    const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step);
    if (n == 3) {
      v128.store(to, add(a, b));
      v128.store(to + toStep, add(b, c));
      continue;
    }
    const d = v128.load(from + 3 * step), e = v128.load(from + 4 * step);
    if (n == 5) {
      v128.store(to, add(times(0.5, sub(a, b)), times(1.0 / 6, sub(d, c))));
      v128.store(to + toStep, add(add(times(-0.5, b), times(1.0 / 6, c)), add(times(1.0 / 3, d), e)));
      continue;
    }
    const f = v128.load(from + 5 * step);
    const sum = times(-1.0 / 6, add(b, c)), difference = times(1.0 / 6, sub(c, b));
    const outerSum = add(d, e), outerDifference = sub(d, e);
    v128.store(to, add(add(times(0.25, a), sum), times(1.0 / 24, outerSum)));
    v128.store(to + toStep, add(difference, times(1.0 / 12, outerDifference)));
    v128.store(to + 2 * toStep, add(add(sum, times(1.0 / 6, outerSum)), f));
  }
}
