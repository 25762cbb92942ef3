/**
 * The classes that a training is conditional on. Its checkpoints keep them, so that images can be made without data.
 */
import {boolean, JsonError, list, object, oneOf, text, whole, type Check} from '../options/json.js';

/** What networks learn of the labels of data. */
export interface Classes {
  /** In the order of the networks' rows. */
  names: readonly string[];
  /** `one`: each image is of one class; `several`: it has any number of them, which are its attributes. */
  each: 'one' | 'several';
  /** Some images have no label: they are learnt as a class of their own, whose row is behind the others. */
  unlabelled: boolean;
  /** Which rows images have, and how many images have just these: what is drawn when no class is asked for. */
  common: readonly {rows: readonly number[]; images: number}[];
}

/** The rows of the networks: a class each, and one more for images without a label where there are such. */
export const rowCount = ({names, unlabelled}: Pick<Classes, 'names' | 'unlabelled'>): number =>
  names.length + (unlabelled ? 1 : 0);

/** What images without a label are called. */
export const noClass = 'no class';

/** A name for each row. */
export const rowNames = ({names, unlabelled}: Pick<Classes, 'names' | 'unlabelled'>): string[] =>
  unlabelled ? [...names, noClass] : [...names];

const checkShape: Check<Classes> = object({
  names: list(text),
  each: oneOf('one', 'several'),
  unlabelled: boolean,
  common: list(object({rows: list(whole()), images: whole(1)})),
});

/** `Classes` in a file. */
export const checkClasses: Check<Classes> = (value, at) => {
  const classes = checkShape(value, at);
  const count = rowCount(classes);
  if (classes.common.length === 0 || classes.common.some(({rows}) => rows.some((row) => row >= count)))
    throw new JsonError(`has images of other classes than its ${count}, or none`);
  return classes;
};

/** Whether two trainings are conditional on the same. */
export const areSameClasses = (a: Classes, b: Classes): boolean =>
  a.each === b.each && a.unlabelled === b.unlabelled && a.names.join('\0') === b.names.join('\0');
