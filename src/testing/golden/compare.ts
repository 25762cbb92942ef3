/** Deviations of computed numbers from recorded ones, and the bounds that they must keep. */

export interface Deviation {
  what: string;
  /** The largest distance. */
  value: number;
  /** The distance that is allowed. */
  bound: number;
}

export interface CaseResult {
  name: string;
  deviations: Deviation[];
  /** Facts that had to be equal and were not. */
  mismatches: string[];
}

/** Compares two arrays: the distance is relative to the largest recorded value, but never finer than `floor`. */
export function compareArrays(
  what: string,
  got: ArrayLike<number>,
  recorded: ArrayLike<number>,
  bound: number,
  floor = 1e-30,
): Deviation {
  if (got.length !== recorded.length)
    return {what: `${what} (${got.length} values instead of ${recorded.length})`, value: Infinity, bound};
  let largest = 0;
  let distance = 0;
  for (let i = 0; i < recorded.length; i++) {
    const difference = Math.abs(got[i]! - recorded[i]!);
    largest = Math.max(largest, Math.abs(recorded[i]!));
    distance = Number.isNaN(difference) ? Infinity : Math.max(distance, difference);
  }
  return {what, value: distance / Math.max(largest, floor), bound};
}

/**
 * Compares numbers that each count by themselves: the distance is relative to each recorded value, but never finer than
 * `floor`. NaN equals NaN.
 */
export function compareSeries(
  what: string,
  got: readonly number[],
  recorded: readonly number[],
  bound: number,
  floor: number,
): Deviation {
  if (got.length !== recorded.length)
    return {what: `${what} (${got.length} values instead of ${recorded.length})`, value: Infinity, bound};
  const distances = recorded.map((value, i) => {
    if (Number.isNaN(value) || Number.isNaN(got[i])) return Number.isNaN(value) && Number.isNaN(got[i]) ? 0 : Infinity;
    return Math.abs(got[i]! - value) / Math.max(Math.abs(value), floor);
  });
  return {what, value: Math.max(0, ...distances), bound};
}

/** How much of its bound a deviation uses; above 1 it fails. */
export const strain = ({value, bound}: Deviation): number => value / bound;

export const passed = (result: CaseResult): boolean =>
  result.mismatches.length === 0 && result.deviations.every((d) => strain(d) <= 1);

/** The deviation that is nearest to its bound, or furthest beyond it. */
export function worst(result: CaseResult): Deviation | undefined {
  return result.deviations.reduce<Deviation | undefined>((a, b) => (!a || strain(b) > strain(a) ? b : a), undefined);
}
