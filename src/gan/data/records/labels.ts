/** Labels of pictures: from the folders they lie in, or as a list gives them. */
import {GanError} from '../../../errors.js';
import {mostInMemory} from '../../../system-limits.js';
import type {Labelling} from '../labelling.js';
import type {Labels} from './types.js';

/**
 * A class by its number or by its name; several by their names, or by a mark at the place of each; undefined: none.
 */
export type Label = number | string | undefined | readonly string[] | {marks: readonly boolean[]};

/** Classes that a set may have: as many as words for pictures, and more. */
export const mostClasses = 1_000_000;

/**
 * Classes for labels as they are given. Whole numbers from 0 on are the classes; all others are names, of which the
 * sorted ones are numbered.
 * @param names of the classes with numbers, where they are known
 * @returns undefined when there is no label
 * @throws GanError GAN_DATA_FORMAT for a number above 1,000,000
 */
export function labelsFrom(given: readonly Label[], where: string, names?: readonly string[]): Labels | undefined {
  const known = given.filter((label) => label !== undefined);
  if (known.length === 0) return undefined;
  if (known.some((label) => typeof label === 'object')) return severalLabels(given, where, names);
  if (known.every((label) => typeof label === 'number' && Number.isInteger(label) && label >= 0)) {
    const count = (known as number[]).reduce((most, label) => Math.max(most, label), names ? names.length - 1 : 0) + 1;
    if (count > mostClasses)
      throw new GanError(
        'data',
        'GAN_DATA_FORMAT',
        `${where} has a label ${count - 1}; at most ${mostClasses} classes are read`,
        {
          suggestions: ['Number the classes from 0 on, or give them names.'],
        },
      );
    const classes = Array.from({length: count}, (_, i) => names?.[i] ?? String(i));
    return {classes, of: Int32Array.from(given, (label) => (label === undefined ? -1 : (label as number)))};
  }
  const classes = [...new Set(known.map(String))].sort();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return {
    classes,
    of: Int32Array.from(given, (label) => (label === undefined ? -1 : numbers.get(String(label as string | number))!)),
  };
}

/**
 * Labels of pictures that may have several. Where each of them has one mark, they are classes: one-hot.
 * @throws GanError GAN_DATA_FORMAT for marks of different lengths, or beside labels of another kind
 */
function severalLabels(given: readonly Label[], where: string, names?: readonly string[]): Labels | undefined {
  const marks = given.flatMap((label) => (typeof label === 'object' && 'marks' in label ? [label.marks] : []));
  if (marks.length === 0) {
    const listed = given.map((label) =>
      label === undefined ? undefined : typeof label === 'object' ? (label as readonly string[]) : [String(label)],
    );
    const classes = [...new Set(listed.flatMap((each) => each ?? []))].sort();
    if (classes.length === 0) return undefined;
    const numbers = new Map(classes.map((name, i) => [name, i]));
    return setsOf(
      classes,
      listed.map((each) => each?.map((name) => numbers.get(name)!)),
      where,
    );
  }
  const count = marks[0]!.length;
  const isMixed = marks.some(({length}) => length !== count) || given.some((label) => !isMarksOrNone(label));
  if (isMixed || (names && names.length !== count))
    throw new GanError('data', 'GAN_DATA_FORMAT', `${where} has labels of several kinds, or of different lengths`, {
      suggestions: [`Give each picture ${count} numbers, 0 or 1, or no label.`],
    });
  const sets = given.map((label) =>
    label === undefined
      ? undefined
      : (label as {marks: readonly boolean[]}).marks.flatMap((isMarked, i) => (isMarked ? [i] : [])),
  );
  if (!names && sets.every((set) => set === undefined || set.length === 1))
    return labelsFrom(
      sets.map((set) => set?.[0]),
      where,
    );
  return setsOf(names ?? Array.from({length: count}, (_, i) => String(i)), sets, where);
}

const isMarksOrNone = (label: Label): boolean => label === undefined || (typeof label === 'object' && 'marks' in label);

/**
 * Labels from the classes of each picture; undefined: nobody has said.
 * @throws GanError GAN_DATA_FORMAT where a table of all pictures and classes would not fit into the memory
 */
export function setsOf(
  classes: readonly string[],
  sets: readonly (readonly number[] | undefined)[],
  where: string,
): Labels {
  if (sets.length * classes.length > mostInMemory())
    throw new GanError(
      'data',
      'GAN_DATA_FORMAT',
      `${where} has ${classes.length} different labels for ${sets.length} pictures, too many for the memory`,
      {suggestions: ['Keep the labels that many pictures have, or give each picture one class.']},
    );
  const several = new Uint8Array(sets.length * classes.length);
  sets.forEach((set, i) => {
    const at = i * classes.length;
    if (!set) several.fill(unsaid, at, at + classes.length);
    else for (const each of set) several[at + each] = 1;
  });
  return {classes, of: new Int32Array(sets.length).fill(-1), several};
}

/**
 * The first folder of each name as its class, where there are at least two; names without a folder have none.
 * @param names with `/` between folders
 */
export function labelsOfFolders(names: readonly string[]): Labels | undefined {
  const folders = names.map((name) => {
    const end = name.indexOf('/');
    return end < 0 ? undefined : name.slice(0, end);
  });
  const classes = [...new Set(folders)].filter((name) => name !== undefined).sort();
  if (classes.length < 2) return undefined;
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return {classes, of: Int32Array.from(folders, (name) => (name === undefined ? -1 : numbers.get(name)!))};
}

/** The number of classes, where each picture has one. */
export const classesOfAll = (labels: Labels | undefined): number | undefined =>
  labels && !labels.of.includes(-1) ? labels.classes.length : undefined;

/** The classes of a picture; undefined: nobody has said. */
export function classesAt({classes, of, several}: Labels, index: number): readonly number[] | undefined {
  if (!several) return of[index]! < 0 ? undefined : [of[index]!];
  const row = several.subarray(index * classes.length, (index + 1) * classes.length);
  if (row[0] === unsaid) return undefined;
  return [...row.keys()].filter((each) => row[each] === 1);
}

/** In place of what a picture has: nobody has said. */
export const unsaid = 255;

/** @param at positions of the pictures that are items */
export const labellingOf = (labels: Labels, at: (index: number) => number): Labelling => ({
  names: labels.classes,
  each: labels.several ? 'several' : 'one',
  of: (index) => classesAt(labels, at(index)),
});

/** How many pictures each class has, and how many have none. */
export function countLabels(labels: Labels): {counts: {label: string; count: number}[]; without: number} {
  const counts = labels.classes.map((label) => ({label, count: 0}));
  let without = 0;
  for (let index = 0; index < labels.of.length; index++) {
    const own = classesAt(labels, index);
    if (!own) without++;
    else for (const each of own) counts[each]!.count++;
  }
  return {counts, without};
}
