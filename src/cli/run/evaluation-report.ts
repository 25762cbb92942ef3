import type {Measured} from '../../gan/metrics/image-meter.js';
import {classTable, evaluationTable, intervalText, significant} from '../../runs/evaluation-table.js';
import type {Evaluation} from '../../runs/evaluations.js';
import {table} from '../text/format.js';

const directions: Record<Measured['better'], string> = {
  lower: 'lower is better',
  higher: 'higher is better',
  one: '1 is best',
};

/** Says what was measured: step, images, data. */
export const evaluationTitle = ({step, weights, images, data, features}: Evaluation): string =>
  `step ${step}, ${weights} weights: ${images} generated images against ${images} of ${data}; features: ${features}`;

/** Says how near the generated images are to training images. */
export const nearestText = ({images, trainingImages, ratio, close}: NonNullable<Evaluation['nearest']>): string =>
  `nearest of ${trainingImages} training images: ${significant(ratio)} times as far as between training images; ` +
  `${Math.round(close * images)} of ${images} are closer than 95 % of those are`;

/** The evaluations of a run for people, newest first. */
export function evaluationsLines(evaluations: readonly Evaluation[]): string[] {
  if (evaluations.length === 0) return [];
  const {columns, rows} = evaluationTable(evaluations);
  return ['', ...table(columns.with(0, 'evaluated step'), rows)];
}

function byClassLines(classes: NonNullable<Evaluation['byClass']>): string[] {
  const {columns, rows} = classTable(classes);
  return table(columns, rows);
}

/** An evaluation for people. */
export const evaluationLines = (evaluation: Evaluation): string[] => [
  evaluationTitle(evaluation),
  ...table(
    ['metric', 'value', '95 %', ''],
    evaluation.metrics.flatMap((measured) => [
      [measured.name, significant(measured.value), intervalText(measured), directions[measured.better]],
      ...Object.entries(measured.parts ?? {}).map(([name, value]) => [`  ${name}`, significant(value), '', '']),
    ]),
  ),
  ...(evaluation.byClass ? ['', ...byClassLines(evaluation.byClass)] : []),
  ...(evaluation.nearest ? [nearestText(evaluation.nearest), `pairs: ${evaluation.nearest.picture}`] : []),
];
