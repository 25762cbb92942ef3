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
export function compareArrays(what: string, got: ArrayLike<number>, recorded: ArrayLike<number>, bound: number, floor = 1e-30): Deviation {
  if (got.length !== recorded.length) return {what: `${what} (${got.length} values instead of ${recorded.length})`, value: Infinity, bound};
  let largest = 0;
  let distance = 0;
  for (let i = 0; i < recorded.length; i++) {
    const difference = Math.abs(got[i]! - recorded[i]!);
    largest = Math.max(largest, Math.abs(recorded[i]!));
    distance = Number.isNaN(difference) ? Infinity : Math.max(distance, difference);
  }
  return {what, value: distance / Math.max(largest, floor), bound};
}

/** How much of its bound a deviation uses; above 1 it fails. */
export const strain = ({value, bound}: Deviation): number => value / bound;

export const passed = (result: CaseResult): boolean => result.mismatches.length === 0 && result.deviations.every((d) => strain(d) <= 1);

/** The deviation that is nearest to its bound, or furthest beyond it. */
export function worst(result: CaseResult): Deviation | undefined {
  return result.deviations.reduce<Deviation | undefined>((a, b) => (!a || strain(b) > strain(a) ? b : a), undefined);
}
