import type {Features} from './features.js';
import {symmetricEigenvalues, timesTransposed, transposedCholesky} from './linear-algebra.js';
import {tooFewImages} from './too-few-images.js';

/** What the distance needs of one set: its mean, and rows x with S = (sum of x x^T). */
interface Moments {
  count: number;
  size: number;
  /** [size] */
  mean: Float64Array;
  /** (feature - mean) / sqrt(count - 1), [count, size] */
  rows: Float64Array;
  /** Trace of the covariance S. */
  trace: number;
}

/** Of sets that are compared again and again: the real images of a training. */
const known = new WeakMap<Features, Moments>();
const knownFactors = new WeakMap<Moments, Float64Array>();

/**
 * Frechet distance of two sets of features, each taken as a Gaussian (arXiv 1706.08500, eq. 6): |m1 - m2|^2 + tr(S1) +
 * tr(S2) - 2 tr((S1 S2)^(1/2)), with unbiased covariances S, as numpy.cov. FID is this of Inception's features.
 *
 * Everything is float64. The trace of the root is the sum of the singular values of X1 X2^T (S = X^T X), which needs
 * matrices with as many rows as there are images; with more images than features, of L1^T L2 (S = L L^T).
 * @throws GanError GAN_TOO_FEW_IMAGES (exit 2) for fewer than 2 images
 */
export function frechetDistance(real: Features, fake: Features): number {
  const [a, b] = [moments(real), moments(fake)];
  let distance = a.trace + b.trace - 2 * traceOfRoot(a, b);
  for (let i = 0; i < a.size; i++) distance += (a.mean[i]! - b.mean[i]!) ** 2;
  return distance;
}

function moments(features: Features): Moments {
  const found = known.get(features);
  if (found) return found;
  const {count, size, data} = features;
  if (count < 2) throw tooFewImages('a covariance', count, 2);
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length;) for (let f = 0; f < size; f++, i++) mean[f]! += data[i]!;
  for (let f = 0; f < size; f++) mean[f]! /= count;
  const rows = new Float64Array(count * size);
  const scale = 1 / Math.sqrt(count - 1);
  let trace = 0;
  for (let i = 0; i < data.length;) {
    for (let f = 0; f < size; f++, i++) {
      const x = (data[i]! - mean[f]!) * scale;
      rows[i] = x;
      trace += x * x;
    }
  }
  const made = {count, size, mean, rows, trace};
  known.set(features, made);
  return made;
}

/** tr((S1 S2)^(1/2)): the sum of the roots of the eigenvalues of a matrix of the form M M^T. */
function traceOfRoot(a: Moments, b: Moments): number {
  const {size} = a;
  const [few, many] = a.count <= b.count ? [a, b] : [b, a];
  let matrix: Float64Array;
  let n: number;
  if (few.count <= size) {
    n = few.count;
    const across = timesTransposed(few.rows, many.rows, [n, many.count, size]);
    matrix = timesTransposed(across, across, [n, n, many.count], true);
  } else {
    n = size;
    const factor = factorOf(a); // L1^T
    const half = timesTransposed(factor, covariance(b), [n, n, n]); // L1^T S2
    matrix = timesTransposed(half, factor, [n, n, n], true);
  }
  return symmetricEigenvalues(matrix, n).reduce((sum, value) => sum + Math.sqrt(Math.max(value, 0)), 0);
}

function factorOf(moments: Moments): Float64Array {
  const factor = knownFactors.get(moments) ?? transposedCholesky(covariance(moments), moments.size);
  knownFactors.set(moments, factor);
  return factor;
}

function covariance({count, size, rows}: Moments): Float64Array {
  const columns = new Float64Array(rows.length);
  for (let i = 0; i < count; i++) for (let f = 0; f < size; f++) columns[f * count + i] = rows[i * size + f]!;
  return timesTransposed(columns, columns, [size, size, count], true);
}
