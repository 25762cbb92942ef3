import {clock} from '../../options/duration.js';
import {printableLine, width} from '../text/printable.js';

/** Prints the table of epochs, and adds the last column, `time`. */
export interface EpochRow {
  columns: readonly string[];
  row: readonly (number | null)[];
  seconds: number;
}

/** fastai's progress table in plain text: two spaces between columns, ten characters at least. */
const padTo = (name: string): number => Math.max(width(name) + 2, 10);

export function tableHeader({columns}: EpochRow): string {
  return line(withTime(columns), withTime(columns));
}

/** Numbers with six decimals, very large ones with an exponent; the epoch as it is, missing values as `None`. */
export function tableRow({columns, row, seconds}: EpochRow): string {
  const cells = columns.map((name, i) => {
    const value = row[i];
    if (value === null || value === undefined) return name === 'time' ? clock(seconds) : 'None';
    return name === 'epoch' ? String(value) : Math.abs(value) < 1e8 ? value.toFixed(6) : value.toExponential(6);
  });
  return line(columns.includes('time') ? cells : [...cells, clock(seconds)], withTime(columns));
}

const withTime = (columns: readonly string[]): readonly string[] =>
  (columns.includes('time') ? columns : [...columns, 'time']).map(printableLine);
const line = (cells: readonly string[], columns: readonly string[]): string =>
  cells
    .map((cell, i) => {
      const room = padTo(columns[i]!) - width(cell);
      return cell + ' '.repeat(room > 0 ? room : 2);
    })
    .join('')
    .trimEnd();
