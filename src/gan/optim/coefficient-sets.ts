import {coefficientNames, type UpdateCoefficients} from '../../backends/fused/update.js';

/** The values that determine the coefficients of a parameter. Parameters with equal values share a row. */
export interface CoefficientSource {
  /** Index of its group. */
  group: number;
  decays: boolean;
  /** Bound of its values; Infinity: none. */
  bound: number;
  /** Updates that it has had. */
  step: number;
}

/** Numbers the distinct ones: a number for each of `sources`, and the index of the first source that has it. */
export function distinctSets(sources: readonly CoefficientSource[]): {sets: number[]; first: number[]} {
  const known = new Map<string, number>();
  const first: number[] = [];
  const sets = sources.map(({group, decays, bound, step}, i) => {
    const key = [group, decays, bound, step].join();
    if (!known.has(key)) known.set(key, first.push(i) - 1);
    return known.get(key)!;
  });
  return {sets, first};
}

/** Rows of coefficients [sets, 10], one after the other. */
export function coefficientRows(rows: readonly UpdateCoefficients[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => coefficientNames.map((name) => row[name])));
}
