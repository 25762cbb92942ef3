import type {Spread} from './types.js';

/** The value below which a share of the numbers lies, between neighbours in proportion. At least one number. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}

/** Median, and the middle half of the numbers. */
export const spread = (values: readonly number[]): Spread => ({median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75)});

/** The largest distance of two lists, in units of the largest number of the second; infinite when they do not fit. */
export function largestDeviation(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Infinity;
  const largest = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
  const distances = wanted.map((value, i) => Math.abs(got[i]! - value) / largest);
  return distances.some(Number.isNaN) ? Infinity : Math.max(0, ...distances);
}
