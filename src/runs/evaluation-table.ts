import type {Measured} from '../gan/metrics/image-meter.js';
import type {Evaluation} from './evaluations.js';

/** A number with four significant digits. */
export const significant = (value: number): string =>
  Number.isFinite(value) && Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));

/** The 95 % interval of a value; empty where there is none. */
export const intervalText = ({low, high}: Pick<Measured, 'low' | 'high'>): string =>
  low === undefined || high === undefined ? '' : `${significant(low)} to ${significant(high)}`;

/** What was measured: the columns before the metrics. */
export const factColumns = ['step', 'weights', 'images', 'against', 'features'] as const;

export const factsOf = ({step, weights, images, data, features}: Evaluation): string[] => [
  String(step),
  weights,
  String(images),
  data,
  features,
];

/** The metrics that one of the evaluations has. */
export const metricNames = (evaluations: readonly Evaluation[]): string[] => [
  ...new Set(evaluations.flatMap(({metrics}) => metrics.map(({name}) => name))),
];

/** Evaluations as a table, newest first: a column for each metric that one of them has. */
export function evaluationTable(evaluations: readonly Evaluation[]): {columns: string[]; rows: string[][]} {
  const names = metricNames(evaluations);
  const rows = evaluations.toReversed().map((evaluation) => [
    ...factsOf(evaluation),
    ...names.map((name) => {
      const measured = evaluation.metrics.find((each) => each.name === name);
      if (!measured) return '–';
      const interval = intervalText(measured);
      return significant(measured.value) + (interval === '' ? '' : ` (${interval})`);
    }),
  ]);
  return {columns: [...factColumns, ...names], rows};
}

/** The metrics of each class of a conditional run as a table: a row for each class. */
export function classTable(classes: NonNullable<Evaluation['byClass']>): {columns: string[]; rows: string[][]} {
  const measured = [...new Set(classes.flatMap(({metrics}) => metrics.map(({name}) => name)))];
  const names = measured.length > 0 ? measured : ['metrics'];
  const rows = classes.map(({name, images, metrics}) => [
    name,
    String(images),
    ...names.map((each) => {
      const found = metrics.find((one) => one.name === each);
      return found ? significant(found.value) : 'too few images';
    }),
  ]);
  return {columns: ['class', 'images', ...names], rows};
}
