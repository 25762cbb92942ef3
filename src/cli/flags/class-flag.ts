import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';
import type {ClassChoice} from '../../gan/class-choice.js';
import type {Classes} from '../../gan/classes.js';

/** `--class`, of which classes a conditional run draws. */
export const classFlag = Flags.string({
  description:
    'of a conditional run: draw this class, by its name or its number from 0; may be repeated, or several with commas between them, or all; of a run of attributes, those with commas between them are of one image (default: as often as in the data)',
  helpValue: 'NAME',
  multiple: true,
  multipleNonGreedy: true,
});

/**
 * The classes that images are wanted of, one after the other.
 * @param classes of the run; undefined: it is not conditional
 * @throws GanError GAN_LABELS, GAN_CLASS (exit 2)
 */
export async function classesWanted(
  given: readonly string[] | undefined,
  classes: Classes | undefined,
): Promise<ClassChoice[] | undefined> {
  if (!given) return undefined;
  if (!classes)
    throw new GanError('usage', 'GAN_LABELS', '--class: the run is not conditional, its images have no classes', {
      suggestions: ['leave out --class', 'gan fit DATA --conditional   trains a run with classes'],
    });
  const {rowNames} = await import('../../gan/classes.js');
  const names = rowNames(classes);
  const parts = (text: string): string[] =>
    names.includes(text) ? [text] : text.split(',').map((each) => each.trim());
  const choices = given.flatMap((text): ClassChoice[] => {
    if (text === 'all' && !names.includes('all')) return names;
    return classes.each === 'one' ? parts(text) : [parts(text)];
  });
  const {classShares} = await import('../../gan/class-choice.js');
  for (const choice of choices) classShares(classes, choice);
  return choices;
}

/** What a choice is called in the names of files. */
export const classTitle = (choice: ClassChoice): string =>
  (typeof choice === 'object' ? Object.values(choice).join('+') : String(choice)).replaceAll(
    /[^\p{L}\p{N}+_-]+/gu,
    '-',
  );
