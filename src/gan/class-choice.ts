/** Which classes images are to be of: as people ask for them, as data have them, and as networks get them. */
import {GanError} from '../errors.js';
import {didYouMean} from '../options/nearest.js';
import {rowCount, rowNames, type Classes} from './classes.js';
import {Rng} from './rng.js';

/**
 * What an image is to be: a class by its name or its number from 0; several at once, whose parts add up; or any parts
 * of classes by their names, such as halves of two.
 */
export type ClassChoice = string | number | readonly (string | number)[] | Readonly<Record<string, number>>;

/**
 * A choice as the networks get it: a share of each row.
 * @throws GanError GAN_CLASS (exit 2) for a class that there is not, or several of which an image has one
 */
export function classShares(classes: Classes, choice: ClassChoice): Float32Array {
  const shares = new Float32Array(rowCount(classes));
  if (typeof choice === 'string' || typeof choice === 'number') shares[rowOf(classes, choice)] = 1;
  else if (isList(choice)) {
    const rows = choice.map((each) => rowOf(classes, each));
    if (classes.each === 'one' && new Set(rows).size > 1)
      throw new GanError(
        'usage',
        'GAN_CLASS',
        `an image of this run is of one class, not of ${rows.length} at once: ${choice.join(', ')}`,
        {suggestions: ['ask for one class, or for parts of several by their names']},
      );
    for (const row of rows) shares[row] = 1;
  } else for (const [name, share] of Object.entries(choice)) shares[rowOf(classes, name)] = share;
  return shares;
}

const isList = (choice: ClassChoice): choice is readonly (string | number)[] => Array.isArray(choice);

/** Names that a message lists. */
const mostNamed = 40;

/** The row of a class; a name comes before a number. @throws GanError GAN_CLASS (exit 2) */
export function rowOf(classes: Classes, choice: string | number): number {
  const names = rowNames(classes);
  const named = names.indexOf(String(choice));
  if (named >= 0) return named;
  const lower = String(choice).toLowerCase();
  const alike = names.filter((name) => name.toLowerCase() === lower);
  if (alike.length === 1) return names.indexOf(alike[0]!);
  if (/^\d+$/.test(lower) && Number(choice) < names.length) return Number(choice);
  const guess = didYouMean(String(choice), names);
  const shown = names.slice(0, mostNamed).join(', ');
  throw new GanError(
    'usage',
    'GAN_CLASS',
    `there is no ${classes.each === 'one' ? 'class' : 'attribute'} '${choice}' among the ${names.length} of this run`,
    {
      suggestions: [
        ...(guess === undefined ? [] : [`Did you mean '${guess}'?`]),
        `There are: ${shown}${names.length > mostNamed ? `, and ${names.length - mostNamed} more` : ''}. A number from 0 to ${names.length - 1} does as well.`,
      ],
    },
  );
}

/**
 * The classes of image number `index` of a seed, as often as the data have them.
 * @returns a share of each row
 */
export function drawClass(classes: Classes, seed: number, index = 0): Float32Array {
  return drawShares(classes, new Rng(seed).fork('classes', index));
}

/** A random picture's classes. @param rng one number is drawn from it */
export function drawShares(classes: Classes, rng: Rng): Float32Array {
  const {common} = classes;
  const all = common.reduce((sum, {images}) => sum + images, 0);
  let at = rng.int(all);
  const drawn = common.find(({images}) => (at -= images) < 0)!;
  return rowShares(classes, drawn.rows);
}

/** Shares of 1 for these rows. */
export function rowShares(classes: Classes, rows: readonly number[]): Float32Array {
  const shares = new Float32Array(rowCount(classes));
  for (const row of rows) shares[row] = 1;
  return shares;
}

/** Images across a grid by class, and rows of it at most. */
const [across, mostRows] = [8, 16];

/**
 * What a grid by class has in its rows: a class each, of many classes some at even distances, of attributes the most
 * common sets. Where there are few, each has several rows, one after the other.
 */
export function gridByClass(classes: Classes): {columns: number; rows: Float32Array[]} {
  const all =
    classes.each === 'one'
      ? Array.from({length: rowCount(classes)}, (_, row) => [row])
      : [...classes.common].sort((a, b) => b.images - a.images).map(({rows}) => rows);
  const count = Math.min(all.length, classes.each === 'one' ? mostRows : across);
  const chosen = Array.from({length: count}, (_, i) =>
    classes.each === 'one' ? all[Math.floor((i * all.length) / count)]! : all[i]!,
  );
  const repeated = Math.max(1, Math.floor(across / count));
  return {
    columns: across,
    rows: chosen.flatMap((rows) => Array.from({length: repeated}, () => rowShares(classes, rows))),
  };
}

/** Rows of one length, such as shares or latents, as one array: [n, length]. */
export function joinRows(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, i) => all.set(row, i * width));
  return all;
}

/** From one choice to another: `t` 0 gives `a`, 1 gives `b`. */
export const mixShares = (a: Float32Array, b: Float32Array, t: number): Float32Array =>
  a.map((share, i) => (1 - t) * share + t * b[i]!);
