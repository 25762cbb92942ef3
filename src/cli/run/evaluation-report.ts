import type {Measured} from '../../gan/metrics/image-meter.js';
import type {Evaluation} from '../../runs/evaluations.js';
import {table} from '../text/format.js';

/** A number with four significant digits. */
export const significant = (value: number): string =>
  Number.isFinite(value) && Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));

const directions: Record<Measured['better'], string> = {
  lower: 'lower is better',
  higher: 'higher is better',
  one: '1 is best',
};

/** The 95 % interval of a value; empty where there is none. */
export const intervalText = ({low, high}: Pick<Measured, 'low' | 'high'>): string =>
  low === undefined || high === undefined ? '' : `${significant(low)} to ${significant(high)}`;

/** Says what was measured: step, images, data. */
export const evaluationTitle = ({step, weights, images, data, features}: Evaluation): string =>
  `step ${step}, ${weights} weights: ${images} generated images against ${images} of ${data}; features: ${features}`;

/** Says how near the generated images are to training images. */
export const nearestText = ({images, trainingImages, ratio, close}: NonNullable<Evaluation['nearest']>): string =>
  `nearest of ${trainingImages} training images: ${significant(ratio)} times as far as between training images; ` +
  `${Math.round(close * images)} of ${images} are closer than 95 % of those are`;

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
  ...(evaluation.nearest ? [nearestText(evaluation.nearest), `pairs: ${evaluation.nearest.picture}`] : []),
];
