import {basename, dirname} from 'node:path';
import {GanError} from '../../errors.js';
import {Rng} from '../rng.js';

/** Positions in the list of items, ascending. An item may be in neither. */
export interface Split {
  train: number[];
  valid: number[];
}

/** Divides the items, given by what the source calls them (paths, for files). */
export type Splitter = (items: readonly string[]) => Split;

/**
 * Holds out a random part.
 * @param validPct percent, 0 <= validPct < 100; rounded down to whole items
 */
export function randomSplitter(validPct: number, seed: number | string = 0): Splitter {
  if (!(validPct >= 0 && validPct < 100)) {
    throw new GanError('config', 'GAN_DATA_SPLIT', `validPct is ${validPct}; percent from 0 to below 100 are needed`);
  }
  return (items) => {
    const held = Math.floor((items.length * validPct) / 100);
    const valid = new Set(new Rng(seed).fork('split').permutation(items.length).subarray(0, held));
    return partition(items, (_, i) => valid.has(i));
  };
}

/** Holds out the items at these positions. */
export function indexSplitter(indices: Iterable<number>): Splitter {
  const valid = new Set(indices);
  return (items) => {
    const outside = [...valid].find((i) => !Number.isInteger(i) || i < 0 || i >= items.length);
    if (outside !== undefined)
      throw new GanError(
        'config',
        'GAN_DATA_SPLIT',
        `item ${outside} is to be held out, but the items are 0 to ${items.length - 1}`,
      );
    return partition(items, (_, i) => valid.has(i));
  };
}

/** Holds out the items for which `isValid` is true. */
export function funcSplitter(isValid: (item: string) => boolean): Splitter {
  return (items) => partition(items, isValid);
}

/** Splits by the name of a file's folder: `.../valid/1.png`. Ignores files in other folders. */
export function parentSplitter(train = 'train', valid = 'valid'): Splitter {
  return byFolder('parent', (path) => basename(dirname(path)), train, valid);
}

/** Splits by the name of the parent of a file's folder: `.../valid/cats/1.png`. Ignores files elsewhere. */
export function grandparentSplitter(train = 'train', valid = 'valid'): Splitter {
  return byFolder('grandparent', (path) => basename(dirname(dirname(path))), train, valid);
}

function byFolder(kind: string, folderOf: (path: string) => string, train: string, valid: string): Splitter {
  return (items) => {
    const folders = items.map(folderOf);
    const positions = (name: string) => folders.flatMap((folder, i) => (folder === name ? [i] : []));
    const split = {train: positions(train), valid: positions(valid)};
    if (split.train.length > 0) return split;
    const seen = [...new Set(folders)].slice(0, 5).join(', ') || 'none';
    throw new GanError('data', 'GAN_DATA_SPLIT', `no file has '${train}' as its ${kind} folder (found: ${seen})`, {
      suggestions: [`Put the training images into folders named '${train}', or choose another way to split.`],
    });
  };
}

function partition(items: readonly string[], isValid: (item: string, i: number) => boolean): Split {
  const split: Split = {train: [], valid: []};
  items.forEach((item, i) => split[isValid(item, i) ? 'valid' : 'train'].push(i));
  return split;
}
