import {printableLine, width} from './printable.js';

/** Rows of text in columns. Numbers go to the right, texts to the left; the last column is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows].map((row) => row.map(printableLine));
  const widths = header.map((_, column) => all.reduce((most, row) => Math.max(most, width(row[column] ?? '')), 0));
  const right = header.map(
    (_, column) =>
      rows.length > 0 &&
      rows.every((row) => /^[-+]?[\d.]/.test(row[column] ?? '') || ['', '-'].includes(row[column] ?? '')),
  );
  return all.map((row) =>
    row
      .map((cell, column) => {
        const blanks = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return right[column] ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}
