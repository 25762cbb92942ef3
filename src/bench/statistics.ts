import type {Spread} from './types.js';

/** The value below which a share of the numbers lies, between neighbours in proportion. At least one number. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * Two of the numbers between which the median of what they were drawn from lies with this confidence or more, whatever
 * its distribution; the least and the greatest, and a lower confidence, where there are too few. The number of values
 * below the median is binomial (n, 1/2).
 * @param values at least one
 * @param wanted 0 to 1
 */
export function medianInterval(
  values: readonly number[],
  wanted = 0.95,
): {low: number; high: number; confidence: number} {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let inner = 0; // left out at each end
  let outside = 0.5 ** n; // chance that no more than `inner` are below the median
  let next = outside;
  for (; inner + 1 < n / 2; inner++) {
    next *= (n - inner) / (inner + 1);
    if (1 - 2 * (outside + next) < wanted) break;
    outside += next;
  }
  return {low: sorted[inner]!, high: sorted[n - 1 - inner]!, confidence: 1 - 2 * outside};
}

/** Median, and the middle half of the numbers. */
export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});

/** The largest distance of two lists, in units of the largest number of the second; infinite when they do not fit. */
export function largestDeviation(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Infinity;
  const largest = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
  const distances = wanted.map((value, i) => Math.abs(got[i]! - value) / largest);
  return distances.some(Number.isNaN) ? Infinity : Math.max(0, ...distances);
}
