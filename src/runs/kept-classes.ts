/** The classes of a conditional run in its checkpoints, and in classes.json of its folder. */
import {GanError, isGanError} from '../errors.js';
import {areSameClasses, checkClasses, rowNames, type Classes} from '../gan/classes.js';
import type {Callback} from '../gan/callback.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import {JsonError} from '../options/json.js';
import {quoted} from '../system-error.js';

const name = 'classes';

/** Keeps the classes in the checkpoints. */
export const keepClasses = (classes: Classes): Callback => ({name, save: () => classes});

/**
 * What the networks of a checkpoint are conditional on; undefined of others.
 * @throws GanError GAN_CHECKPOINT (exit 5) where it is damaged
 */
export function classesOf({callbacks, path}: Pick<Checkpoint, 'callbacks' | 'path'>): Classes | undefined {
  const saved = callbacks[name];
  if (saved === undefined) return undefined;
  try {
    return checkClasses(saved, name);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new GanError('data', 'GAN_CHECKPOINT', `${path} cannot be used as a checkpoint: it ${error.message}`, {
      suggestions: ['use an older checkpoint of the run'],
      cause: error,
    });
  }
}

/**
 * Whether the data still have the classes that a run was trained with: its networks have a row for each.
 * @throws GanError GAN_DATA_CHANGED (exit 5), which nothing accepts
 */
export function compareClasses(
  before: Classes | undefined,
  now: Classes,
  {run, data, step}: {run: string; data: string; step: number},
): void {
  if (!before || areSameClasses(before, now)) return;
  const [were, are] = [rowNames(before), rowNames(now)];
  const gone = were.filter((each) => !are.includes(each));
  const added = are.filter((each) => !were.includes(each));
  const what = [
    ...(before.each === now.each ? [] : [`images had ${before.each} of them, now they have ${now.each}`]),
    ...(gone.length > 0 ? [`gone: ${listed(gone)}`] : []),
    ...(added.length > 0 ? [`new: ${listed(added)}`] : []),
    ...(gone.length === 0 && added.length === 0 && before.each === now.each ? ['they have another order'] : []),
  ];
  throw changed(
    `The classes of ${data} are not those that ${run} was trained with up to step ${step}: ${what.join('; ')}.`,
    {
      run,
    },
  );
}

/**
 * Why the data of a conditional run have no classes to learn any more, in the words of a run that goes on.
 * @param error of `conditionalSource`; others stay as they are
 */
export function withoutClasses(
  error: unknown,
  before: Classes | undefined,
  {run, step}: {run: string; step: number},
): unknown {
  if (!before || !isGanError(error) || error.code !== 'GAN_LABELS') return error;
  const were = `${run} was trained up to step ${step} by the classes ${listed(before.names)}`;
  return changed(`${error.message}; ${were}.`, {run, cause: error});
}

const changed = (message: string, {run, cause}: {run: string; cause?: unknown}): GanError =>
  new GanError('data', 'GAN_DATA_CHANGED', message, {
    suggestions: [
      `Put the data back as they were, with their labels; or, where they are elsewhere: gan fit --resume ${quoted(run)} --data DATA`,
      'A new run learns the data as they are now: gan fit DATA --conditional, or without classes: gan fit DATA',
    ],
    ...(cause !== undefined && {cause}),
  });

const listed = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
