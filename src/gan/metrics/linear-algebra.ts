/**
 * Dense linear algebra in float64 on the host, for matrices of some thousand rows. A matrix is flat, row after row.
 * Measured on a Xeon core: products 3.5 GFLOP/s; eigenvalues of 1024 rows in 0.7 s, of 2048 in 5 s.
 */

/** Columns that the inner loop takes at a time: their packed panels stay in the second-level cache. */
const depth = 256;

/**
 * A B^T.
 * @param a [m, k]
 * @param b [n, k]
 * @param symmetric the product is known to be symmetric (m = n): half of it is computed
 * @returns [m, n]
 */
export function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  [m, n, k]: readonly [m: number, n: number, k: number],
  symmetric = false,
): Float64Array {
  const width = Math.ceil(n / 4) * 4;
  const c = new Float64Array((m + (m & 1)) * width); // whole tiles
  const panels = new Float64Array(width * depth);
  const pair = new Float64Array(2 * depth);
  for (let from = 0; from < k; from += depth) {
    const taps = Math.min(depth, k - from);
    packPanels(b, panels, [n, k], from, taps);
    for (let i = 0; i < m; i += 2) {
      const next = i + 1 < m;
      for (let t = 0; t < taps; t++) {
        pair[2 * t] = a[i * k + from + t]!;
        pair[2 * t + 1] = next ? a[(i + 1) * k + from + t]! : 0;
      }
      const last = symmetric ? Math.min(n, i + 2) : n;
      for (let j = 0; j < last; j += 4) multiplyTile(pair, panels, taps, j * taps, c, i, j, width);
    }
  }
  if (symmetric) for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) c[j * width + i] = c[i * width + j]!;
  if (width === n) return c.subarray(0, m * n);
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) out.set(c.subarray(i * width, i * width + n), i * n);
  return out;
}

/** Four rows of `b` next to each other, tap by tap, so that the inner loop reads straight on. */
function packPanels(
  b: Float64Array,
  panels: Float64Array,
  [n, k]: readonly [number, number],
  from: number,
  taps: number,
): void {
  panels.fill(0);
  for (let j = 0; j < n; j++) {
    const to = (j >> 2) * 4 * taps + (j & 3);
    for (let t = 0; t < taps; t++) panels[to + t * 4] = b[j * k + from + t]!;
  }
}

/** Adds two rows times four columns. */
function multiplyTile(
  pair: Float64Array,
  panels: Float64Array,
  taps: number,
  panel: number,
  c: Float64Array,
  i: number,
  j: number,
  stride: number,
): void {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let t = 0, q = panel; t < 2 * taps; t += 2, q += 4) {
    const x = pair[t]!;
    const y = pair[t + 1]!;
    const p0 = panels[q]!;
    const p1 = panels[q + 1]!;
    const p2 = panels[q + 2]!;
    const p3 = panels[q + 3]!;
    a0 += x * p0;
    a1 += x * p1;
    a2 += x * p2;
    a3 += x * p3;
    b0 += y * p0;
    b1 += y * p1;
    b2 += y * p2;
    b3 += y * p3;
  }
  // rows of c have room for whole tiles
  const to = i * stride + j;
  c[to]! += a0;
  c[to + 1]! += a1;
  c[to + 2]! += a2;
  c[to + 3]! += a3;
  c[to + stride]! += b0;
  c[to + stride + 1]! += b1;
  c[to + stride + 2]! += b2;
  c[to + stride + 3]! += b3;
}

/**
 * Eigenvalues of a symmetric matrix, ascending: Householder's reduction to a tridiagonal matrix, then the implicit QL
 * method (Golub and Van Loan, "Matrix Computations", 8.3). Absolute error about 1e-15 times the largest, times a small
 * power of n.
 * @param matrix [n, n]; its lower triangle is used, and overwritten
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const {diagonal, beside} = tridiagonalize(matrix, n);
  return tridiagonalEigenvalues(diagonal, beside).sort();
}

/**
 * Each step reflects a column onto its first entry. The change of the rest, a matrix of rank 2, waits until the next
 * step reads it: so every step goes over the matrix once.
 */
function tridiagonalize(a: Float64Array, n: number): {diagonal: Float64Array; beside: Float64Array} {
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(n)];
  let [v, p] = [new Float64Array(n), new Float64Array(n)]; // a is to become a - v p^T - p v^T
  let [w, q] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    const [vk, pk] = [v[k]!, p[k]!];
    let norm = 0;
    for (let i = k; i < n; i++) {
      const x = a[i * n + k]! - (v[i]! * pk + p[i]! * vk);
      w[i] = x;
      if (i > k) norm += x * x;
    }
    diagonal[k] = w[k]!;
    if (k === n - 1) break;
    const first = w[k + 1]!;
    const target = first > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    beside[k] = target;
    w[k + 1] = first - target;
    const half = norm - first * target; // |w|^2 / 2
    q.fill(0, k + 1);
    applyAndMultiply(a, n, k + 1, {v, p, w, q});
    if (half > 0) {
      let share = 0;
      for (let i = k + 1; i < n; i++) share += (q[i]! /= half) * w[i]!;
      share /= 2 * half;
      for (let i = k + 1; i < n; i++) q[i]! -= share * w[i]!;
    } else {
      w.fill(0, k + 1);
      q.fill(0, k + 1);
    }
    [v, p, w, q] = [w, q, v, p];
  }
  return {diagonal, beside};
}

/** Makes the waiting change of the lower triangle from row `first` on, and q = a w of the changed matrix. */
function applyAndMultiply(
  a: Float64Array,
  n: number,
  first: number,
  {v, p, w, q}: Record<'v' | 'p' | 'w' | 'q', Float64Array>,
): void {
  for (let i = first; i < n; i++) {
    const row = i * n;
    const [vi, pi, wi] = [v[i]!, p[i]!, w[i]!];
    let sum = 0;
    for (let j = first; j < i; j++) {
      const x = a[row + j]! - (vi * p[j]! + pi * v[j]!);
      a[row + j] = x;
      sum += x * w[j]!;
      q[j]! += x * wi;
    }
    const x = a[row + i]! - 2 * vi * pi;
    a[row + i] = x;
    q[i]! += sum + x * wi;
  }
}

/**
 * Implicit QL with Wilkinson's shift, values only; overwrites both. Where eigenvalues are rounding errors beside the
 * largest, as of images without variance, what is as small as these counts as 0 in the end.
 */
function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i]!) + Math.abs(e[i]!));
  for (let l = 0; l < n; l++) {
    for (let rounds = 0; ; rounds++) {
      const noise = rounds < 30 ? 0 : Number.EPSILON * largest;
      const isSmall = (i: number): boolean =>
        Math.abs(e[i]!) <= Math.max(Number.EPSILON * (Math.abs(d[i]!) + Math.abs(d[i + 1]!)), noise);
      let m = l;
      while (m < n - 1 && !isSmall(m)) m++;
      if (m === l) break;
      if (rounds === 60) throw new Error('the eigenvalues do not converge: are all numbers finite?');
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const [f, b] = [s * e[i]!, c * e[i]!];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
      }
      if (i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return d;
}

/**
 * L with L L^T = `matrix`, for a symmetric matrix without negative eigenvalues. Directions without variance (a pixel
 * that is always the same) have columns of zeros.
 * @param matrix [n, n]
 * @returns L^T, [n, n]: row j is column j of L
 */
export function transposedCholesky(matrix: Float64Array, n: number): Float64Array {
  const rows = Float64Array.from(matrix); // row j becomes column j of L, by eliminating what the rows before explain
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, matrix[j * n + j]!);
  for (let j = 0; j < n; j++) {
    const at = j * n;
    const pivot = rows[at + j]!;
    rows.fill(0, at, at + j);
    if (pivot <= 1e-13 * largest) {
      rows.fill(0, at + j, at + n);
      continue;
    }
    const root = Math.sqrt(pivot);
    for (let i = j; i < n; i++) rows[at + i]! /= root;
    for (let i = j + 1; i < n; i++) {
      const factor = rows[at + i]!;
      if (factor === 0) continue;
      const to = i * n;
      for (let l = i; l < n; l++) rows[to + l]! -= factor * rows[at + l]!;
    }
  }
  return rows;
}

/**
 * Eigenvalues of a symmetric matrix, the largest first, and a unit eigenvector of each: Jacobi's rotations, cyclic by
 * rows (Golub and Van Loan, "Matrix Computations", 8.5). For some hundred rows: 128 take 0.1 s, 512 some seconds.
 * @param matrix [n, n]; it is overwritten
 */
export function symmetricEigen(matrix: Float64Array, n: number): {values: number[]; vectors: Float64Array[]} {
  const vectors = Array.from({length: n}, (_, i) => new Float64Array(n).fill(1, i, i + 1));
  const rows = Array.from({length: n}, (_, i) => matrix.subarray(i * n, (i + 1) * n));
  const size = rows.reduce((sum, row) => sum + row.reduce((squares, x) => squares + x * x, 0), 0);
  for (let sweep = 0; ; sweep++) {
    const off = rows.reduce((sum, row, i) => sum + row.subarray(0, i).reduce((squares, x) => squares + x * x, 0), 0);
    if (!(off > 1e-28 * size)) break;
    if (sweep === 60) throw new Error('the eigenvectors do not converge: are all numbers finite?');
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(rows, vectors, p, q);
  }
  const order = rows.map((_, i) => i).sort((a, b) => rows[b]![b]! - rows[a]![a]!);
  return {values: order.map((i) => rows[i]![i]!), vectors: order.map((i) => vectors[i]!)};
}

/** Turns rows and columns p and q so that their common entry becomes 0; `vectors` is turned with them. */
function rotate(rows: readonly Float64Array[], vectors: readonly Float64Array[], p: number, q: number): void {
  const [a, b] = [rows[p]!, rows[q]!];
  const common = a[q]!;
  if (common === 0) return;
  const half = (b[q]! - a[p]!) / (2 * common);
  const tangent = (half >= 0 ? 1 : -1) / (Math.abs(half) + Math.hypot(half, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  turn(a, b, cosine, sine);
  for (const row of rows) {
    const [x, y] = [row[p]!, row[q]!];
    row[p] = cosine * x - sine * y;
    row[q] = sine * x + cosine * y;
  }
  turn(vectors[p]!, vectors[q]!, cosine, sine);
}

function turn(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}
