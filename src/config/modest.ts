/** What a configuration file may be: enough for every configuration, too little to keep a machine busy. */
import {statSync, type Stats} from 'node:fs';
import {devNull} from 'node:os';
import {GanError} from '../errors.js';

/** What is at a path; undefined where nothing is, or nothing can be told of it. */
export function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, {throwIfNoEntry: false});
  } catch {
    return undefined;
  }
}

/** A configuration has some thousand bytes. */
const mostBytes = 1 << 20;
/** Values, each as often as it is referred to: a few lines of YAML with aliases can stand for billions. */
const mostValues = 100_000;
/** Levels of lists and objects in each other; a configuration has four. */
const deepest = 32;

const unreadable = (what: string, suggestion: string): GanError =>
  new GanError('config', 'GAN_CONFIG_UNREADABLE', what, {suggestions: [suggestion]});

/**
 * Looks at a file before it is read: a named pipe would be waited for without end, a device may have no end.
 * @throws GanError GAN_CONFIG_UNREADABLE (exit 3) unless it is a regular file of at most 1 MiB; what cannot be looked
 * at passes, since reading it says why
 */
export function assertModestFile(file: string): void {
  const found = statOf(file);
  if (!found || file === devNull) return;
  if (!found.isFile())
    throw unreadable(
      `${file} cannot be read: it is ${found.isDirectory() ? 'a folder' : 'no regular file'}.`,
      found.isDirectory() ? 'Name a file in it.' : 'Write the configuration to a regular file.',
    );
  if (found.size > mostBytes)
    throw unreadable(
      `${file} cannot be read: it has ${found.size} bytes, and a configuration has at most ${mostBytes}.`,
      'Is it the right file?',
    );
}

/**
 * Looks at what a file holds before anything is made of it.
 * @throws GanError GAN_CONFIG_UNREADABLE (exit 3) where it nests too deeply, or has too many values with its aliases
 */
export function assertModestValues(values: unknown, origin: string): void {
  let count = 0;
  const visit = (value: unknown, depth: number): void => {
    if (++count > mostValues)
      throw unreadable(
        `${origin} cannot be read: it has more than ${mostValues} values.`,
        'A value counts as often as a YAML alias repeats it.',
      );
    if (typeof value !== 'object' || value === null) return;
    if (depth === deepest)
      throw unreadable(
        `${origin} cannot be read: its values nest deeper than ${deepest} levels.`,
        'gan config schema shows what a configuration holds.',
      );
    for (const each of Object.values(value)) visit(each, depth + 1);
  };
  visit(values, 0);
}
