/** A block of rows of a function of two tensors, or of the elements where both have one shape. */
import {Pool} from './pool';

// Operators; the first four are told by the host (src/kernels/arithmetic.ts).
export const ADD: i32 = 0;
export const SUBTRACT: i32 = 1;
export const MULTIPLY: i32 = 2;
export const DIVIDE: i32 = 3;
export const LEAKY_GRAD: i32 = 4;
export const SQUARE: i32 = 5;
export const LEAKY: i32 = 6;
export const WITHIN: i32 = 7;

/** One row, whose elements are divided among chunks. */
export const FLAT: i32 = 1;

@unmanaged
export class Arithmetic {
  operator: i32;
  kind: i32;
  a: usize;
  b: usize;
  out: usize;
  aRow: i32;
  bRow: i32;
  /** Rows of the result after which an operand moves on to its next row. */
  aRepeat: i32;
  bRepeat: i32;
  aColumn: i32;
  bColumn: i32;
  inner: i32;
  /** Rows, or elements of the only one: in all, and in a chunk. */
  all: i32;
  block: i32;
  /** Of a leaky ReLU; the lower of two bounds. */
  slope: f32;
  /** The upper bound. */
  high: f32;
}

@inline
export function described(pool: Pool): Arithmetic {
  return changetype<Arithmetic>(pool.struct(0));
}

export function arithmeticChunk(chunk: i32, pool: Pool): void {
  const p = described(pool);
  switch (p.operator) {
    case ADD: return rowsOf(ADD, p, chunk);
    case SUBTRACT: return rowsOf(SUBTRACT, p, chunk);
    case MULTIPLY: return rowsOf(MULTIPLY, p, chunk);
    case DIVIDE: return rowsOf(DIVIDE, p, chunk);
    case LEAKY_GRAD: return flat(LEAKY_GRAD, p, chunk);
    case SQUARE: return flat(SQUARE, p, chunk);
    case LEAKY: return flat(LEAKY, p, chunk);
    case WITHIN: return flat(WITHIN, p, chunk);
  }
}

@inline
function flat(operator: i32, p: Arithmetic, chunk: i32): void {
  const first = chunk * p.block;
  const at = <usize>first << 2;
  row(operator, 1, 1, p.a + at, p.b + at, p.out + at, min(p.block, p.all - first), p.slope, p.high);
}

@inline
function rowsOf(operator: i32, p: Arithmetic, chunk: i32): void {
  const first = chunk * p.block;
  const count = min(p.block, p.all - first);
  let a = p.a, b = p.b, out = p.out, rows = count, inner = p.inner;
  let aLeft = count, bLeft = count, aStep: usize = 0, bStep: usize = 0;
  if (p.kind == FLAT) {
    a += <usize>(first * p.aColumn) << 2;
    b += <usize>(first * p.bColumn) << 2;
    out += <usize>first << 2;
    rows = 1;
    inner = count;
  } else {
    a += <usize>(first / p.aRepeat * p.aRow) << 2;
    b += <usize>(first / p.bRepeat * p.bRow) << 2;
    out += <usize>(first * inner) << 2;
    aLeft = p.aRepeat - first % p.aRepeat;
    bLeft = p.bRepeat - first % p.bRepeat;
    aStep = <usize>p.aRow << 2;
    bStep = <usize>p.bRow << 2;
  }
  for (let i = 0; i < rows; i++, out += <usize>inner << 2) {
    if (p.aColumn == 0) row(operator, 0, 1, a, b, out, inner, 0, 0);
    else if (p.bColumn == 0) row(operator, 1, 0, a, b, out, inner, 0, 0);
    else row(operator, 1, 1, a, b, out, inner, 0, 0);
    if (--aLeft == 0) {
      a += aStep;
      aLeft = p.aRepeat;
    }
    if (--bLeft == 0) {
      b += bStep;
      bLeft = p.bRepeat;
    }
  }
}

@inline
function row(
  operator: i32, aColumn: i32, bColumn: i32, a: usize, b: usize, out: usize, count: i32, slope: f32, high: f32,
): void {
  const s = f32x4.splat(slope), h = f32x4.splat(high);
  for (; count >= 8; count -= 8, out += 32) {
    const x0 = aColumn ? v128.load(a) : v128.load_splat<f32>(a), x1 = aColumn ? v128.load(a, 16) : x0;
    const y0 = bColumn ? v128.load(b) : v128.load_splat<f32>(b), y1 = bColumn ? v128.load(b, 16) : y0;
    v128.store(out, four(operator, x0, y0, s, h));
    v128.store(out, four(operator, x1, y1, s, h), 16);
    if (aColumn) a += 32;
    if (bColumn) b += 32;
  }
  if (count >= 4) {
    const x = aColumn ? v128.load(a) : v128.load_splat<f32>(a);
    const y = bColumn ? v128.load(b) : v128.load_splat<f32>(b);
    v128.store(out, four(operator, x, y, s, h));
    if (aColumn) a += 16;
    if (bColumn) b += 16;
    count -= 4;
    out += 16;
  }
  for (; count > 0; count--, out += 4) {
    store<f32>(out, one(operator, load<f32>(a), load<f32>(b), slope, high));
    if (aColumn) a += 4;
    if (bColumn) b += 4;
  }
}

@inline
function four(operator: i32, a: v128, b: v128, slope: v128, high: v128): v128 {
  if (operator == ADD) return f32x4.add(a, b);
  if (operator == SUBTRACT) return f32x4.sub(a, b);
  if (operator == MULTIPLY) return f32x4.mul(a, b);
  if (operator == DIVIDE) return f32x4.div(a, b);
  if (operator == SQUARE) return f32x4.mul(a, a);
  if (operator == LEAKY) return v128.bitselect(f32x4.mul(a, slope), a, f32x4.lt(a, f32x4.splat(0)));
  if (operator == WITHIN) return f32x4.min(f32x4.max(a, slope), high); // NaN stays
  // NaN where b is
  const below = v128.bitselect(f32x4.mul(a, slope), b, f32x4.eq(b, b));
  return v128.bitselect(a, below, f32x4.gt(b, f32x4.splat(0)));
}

@inline
function one(operator: i32, a: f32, b: f32, slope: f32, high: f32): f32 {
  if (operator == ADD) return a + b;
  if (operator == SUBTRACT) return a - b;
  if (operator == MULTIPLY) return a * b;
  if (operator == DIVIDE) return a / b;
  if (operator == SQUARE) return a * a;
  if (operator == LEAKY) return a < 0 ? a * slope : a;
  if (operator == WITHIN) return min(max(a, slope), high);
  return b > 0 ? a : b == b ? a * slope : b;
}
