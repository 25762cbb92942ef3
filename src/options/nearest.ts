/** Number of edits between two texts: insert, delete, replace, swap neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** How a name is compared: `n-crit`, `nCrit` and `NCRIT` are the same. */
const folded = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '');

/** The names, the most similar first; equally similar ones keep their order. */
export function nearestFirst(wanted: string, names: readonly string[]): string[] {
  const distance = (name: string): number => editDistance(folded(wanted), folded(name));
  return names
    .map((name) => ({name, d: distance(name)}))
    .sort((a, b) => a.d - b.d)
    .map(({name}) => name);
}

/**
 * The name that was probably meant, if one is close: at most a third of its letters differ; one at least, two of a word
 * of four or more.
 */
export function didYouMean(wanted: string, names: readonly string[]): string | undefined {
  const [best] = nearestFirst(wanted, names);
  if (best === undefined) return undefined;
  return editDistance(folded(wanted), folded(best)) <=
    Math.max(1, Math.min(2, wanted.length - 2), Math.floor(best.length / 3))
    ? best
    : undefined;
}
