/** Functions of two tensors, or of one, element by element, with the usual kinds of broadcasting; in all threads. */
import {described, FLAT, LEAKY, LEAKY_GRAD, SQUARE, WITHIN} from './arithmetic-chunk';
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';

/** Elements of the result in a chunk. */
const BLOCK: i32 = 1 << 14;
/** Elements of the result below which no thread is woken. */
const SMALL: i32 = 1 << 14;

/**
 * out[r, i] = operator(a[r, i], b[r, i]) for [rows, inner]. An operand moves on by its column stride, in floats, which
 * is 0 or 1 and not 0 for both, and by its row stride after so many rows.
 * @param operator one of those of arithmetic-chunk.ts
 */
export function arithmetic(
  operator: i32, a: usize, aRow: i32, aRepeat: i32, aColumn: i32, b: usize, bRow: i32, bRepeat: i32, bColumn: i32,
  out: usize, rows: i32, inner: i32, slope: f32, pool: Pool,
): void {
  const p = described(pool);
  p.operator = operator;
  p.a = a;
  p.b = b;
  p.out = out;
  p.aRow = aRow;
  p.bRow = bRow;
  p.aRepeat = aRepeat;
  p.bRepeat = bRepeat;
  p.aColumn = aColumn;
  p.bColumn = bColumn;
  p.inner = inner;
  p.slope = slope;
  const count = rows * inner;
  if (rows == 1) {
    p.all = inner;
    p.block = BLOCK;
    p.kind = FLAT;
  } else {
    p.all = rows;
    p.block = max(BLOCK / inner, 1);
    p.kind = 0;
  }
  parallel(pool, Job.Arithmetic, (p.all + p.block - 1) / p.block, count < SMALL);
}

/** x > 0 ? x : slope x, of `count` numbers. */
export function leakyRelu(x: usize, out: usize, count: i32, slope: f32, pool: Pool): void {
  arithmetic(LEAKY, x, 0, 1, 1, x, 0, 1, 1, out, 1, count, slope, pool);
}

/** dy where x > 0, slope dy elsewhere: the gradient of a leaky ReLU. */
export function leakyReluGrad(dy: usize, x: usize, out: usize, count: i32, slope: f32, pool: Pool): void {
  arithmetic(LEAKY_GRAD, dy, 0, 1, 1, x, 0, 1, 1, out, 1, count, slope, pool);
}

export function square(x: usize, out: usize, count: i32, pool: Pool): void {
  arithmetic(SQUARE, x, 0, 1, 1, x, 0, 1, 1, out, 1, count, 0, pool);
}

/** The numbers from `low` to `high` that are the nearest to `count` others; NaN stays. */
export function within(x: usize, out: usize, count: i32, low: f32, high: f32, pool: Pool): void {
  described(pool).high = high;
  arithmetic(WITHIN, x, 0, 1, 1, x, 0, 1, 1, out, 1, count, low, pool);
}
