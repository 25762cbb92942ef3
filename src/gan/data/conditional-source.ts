/** The labels of data, for a training that is conditional on them. */
import {GanError} from '../../errors.js';
import {rowShares} from '../class-choice.js';
import {rowCount, type Classes} from '../classes.js';
import {describeItem} from './items.js';
import type {Labelling} from './labelling.js';
import type {FiniteSource, Source} from './types.js';

/** Items whose attributes are looked at, to know which sets of them are common. */
const mostExamples = 1024;

/** A source whose batches have the labels that networks learn, and what these are. */
export interface ConditionalSource {
  source: FiniteSource;
  classes: Classes;
}

/**
 * @param data what messages call the data
 * @throws GanError GAN_LABELS (exit 5) for data without labels, or with one class only
 */
export function conditionalSource(source: Source, data: string): ConditionalSource {
  const labelling = source.size === undefined ? undefined : labellingOf(source);
  if (source.size === undefined || !labelling)
    throw refused(`${data} has no labels, which a conditional training learns`, [
      'put the images of each class into a folder of its own, or a list of labels beside them (docs/conditional.md)',
      withoutClasses,
    ]);
  const classes = classesOf(labelling, source.size);
  if (rowCount(classes) < 2 && classes.common.length < 2)
    throw refused(`all labels of ${data} are '${classes.names[0]}': there is nothing to tell apart`, [withoutClasses]);
  const own = (index: number): readonly number[] => labelling.of(index) ?? [classes.names.length];
  const labels =
    classes.each === 'one'
      ? {label: (index: number) => own(index)[0]!}
      : {labelRow: (index: number) => rowShares(classes, own(index))};
  const items: FiniteSource = {
    shape: source.shape,
    size: source.size,
    ...(source.identity !== undefined && {identity: source.identity}),
    read: (index) => source.read(index),
    describe: (index) => describeItem(source, index),
    ...(source.parts && {parts: source.parts}),
    classes: rowCount(classes),
    ...labels,
  };
  return {source: items, classes};
}

/** What a source says of its labels; one that only numbers them calls the classes by their numbers. */
function labellingOf(source: FiniteSource): Labelling | undefined {
  const {labelling, classes} = source;
  if (labelling) return labelling;
  if (classes === undefined || !source.label) return undefined;
  return {
    names: Array.from({length: classes}, (_, i) => String(i)),
    each: 'one',
    of: (index) => [source.label!(index)],
  };
}

function classesOf(labelling: Labelling, size: number): Classes {
  const {names, each} = labelling;
  const found = new Map<string, {rows: readonly number[]; images: number}>();
  let unlabelled = false;
  const count = (index: number): void => {
    const rows = labelling.of(index) ?? [names.length];
    const key = rows.join();
    const known = found.get(key);
    if (known) known.images++;
    else found.set(key, {rows, images: 1});
  };
  for (let index = 0; index < size; index++) {
    unlabelled ||= labelling.of(index) === undefined;
    if (each === 'one') count(index);
  }
  const examples = each === 'one' ? 0 : Math.min(size, mostExamples);
  for (let i = 0; i < examples; i++) count(Math.floor((i * size) / examples));
  const common = [...found.values()].sort((a, b) => (a.rows[0] ?? -1) - (b.rows[0] ?? -1));
  return {names: [...names], each, unlabelled, common};
}

const withoutClasses = 'gan fit DATA --no-conditional   begins a run without classes';

const refused = (what: string, suggestions: string[]): GanError =>
  new GanError('data', 'GAN_LABELS', what, {suggestions});
