/** Rows added up before the total is touched: partial sums keep the rounding error small. */
const BLOCK: i32 = 128;

/** out[i, j] = scale * sum over r of x[i, r, j], for x [outer, reduced, inner]; in a fixed order. */
export function sum(x: usize, out: usize, outer: i32, reduced: i32, inner: i32, scale: f32): void {
  for (let i = 0; i < outer; i++) {
    if (inner == 1) {
      store<f32>(out, line(x, reduced) * scale);
    } else {
      let j = 0;
      for (; j + 16 <= inner; j += 16) columns16(x + (<usize>j << 2), out + (<usize>j << 2), reduced, inner, scale);
      for (; j + 4 <= inner; j += 4) columns4(x + (<usize>j << 2), out + (<usize>j << 2), reduced, inner, scale);
      for (; j < inner; j++) column(x + (<usize>j << 2), out + (<usize>j << 2), reduced, inner, scale);
    }
    x += <usize>(reduced * inner) << 2;
    out += <usize>inner << 2;
  }
}

/** Sum of neighbouring numbers, in 16 partial sums for each block. */
function line(x: usize, count: i32): f32 {
  let total = f32x4.splat(0);
  while (count >= 16) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (const stop = max(count - 16 * BLOCK, 15); count > stop; count -= 16, x += 64) {
      a = f32x4.add(a, v128.load(x));
      b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32));
      d = f32x4.add(d, v128.load(x, 48));
    }
    total = f32x4.add(total, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  let rest: f32 = 0;
  for (; count > 0; count--, x += 4) rest += load<f32>(x);
  return f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1) + f32x4.extract_lane(total, 2)
    + f32x4.extract_lane(total, 3) + rest;
}

/** Sums of 16 neighbouring columns (one cache line), `rows` long. */
function columns16(x: usize, out: usize, rows: i32, inner: i32, scale: f32): void {
  const step = <usize>inner << 2;
  let a = f32x4.splat(0), b = a, c = a, d = a;
  while (rows > 0) {
    let p = f32x4.splat(0), q = p, r = p, s = p;
    for (const stop = max(rows - BLOCK, 0); rows > stop; rows--, x += step) {
      p = f32x4.add(p, v128.load(x));
      q = f32x4.add(q, v128.load(x, 16));
      r = f32x4.add(r, v128.load(x, 32));
      s = f32x4.add(s, v128.load(x, 48));
    }
    a = f32x4.add(a, p);
    b = f32x4.add(b, q);
    c = f32x4.add(c, r);
    d = f32x4.add(d, s);
  }
  const factor = f32x4.splat(scale);
  v128.store(out, f32x4.mul(a, factor));
  v128.store(out, f32x4.mul(b, factor), 16);
  v128.store(out, f32x4.mul(c, factor), 32);
  v128.store(out, f32x4.mul(d, factor), 48);
}

function columns4(x: usize, out: usize, rows: i32, inner: i32, scale: f32): void {
  let total = f32x4.splat(0);
  while (rows > 0) {
    let part = f32x4.splat(0);
    for (const stop = max(rows - BLOCK, 0); rows > stop; rows--, x += <usize>inner << 2)
      part = f32x4.add(part, v128.load(x));
    total = f32x4.add(total, part);
  }
  v128.store(out, f32x4.mul(total, f32x4.splat(scale)));
}

function column(x: usize, out: usize, rows: i32, inner: i32, scale: f32): void {
  let total: f32 = 0;
  while (rows > 0) {
    let part: f32 = 0;
    for (const stop = max(rows - BLOCK, 0); rows > stop; rows--, x += <usize>inner << 2) part += load<f32>(x);
    total += part;
  }
  store<f32>(out, total * scale);
}
