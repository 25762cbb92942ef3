import type {HyperValue} from '../hyperparameters.js';
import {HyperparameterScheduler} from './schedule.js';

/** Half a cosine from `start` to `end`. */
export const cosine =
  (start: number, end: number): ((position: number) => number) =>
  (position) =>
    start + ((1 + Math.cos(Math.PI * (1 - position))) * (end - start)) / 2;

/** `start` -> `middle` over the first `share`, then -> `end`, both by half a cosine (fastai's combined_cos). */
export function combinedCosine(
  share: number,
  start: number,
  middle: number,
  end: number,
): (position: number) => number {
  const [up, down] = [cosine(start, middle), cosine(middle, end)];
  return (position) => (position < share ? up(position / share) : down((position - share) / (1 - share)));
}

/**
 * Sets hyperparameters, by their names, to functions of the share of the training that is done: 0 at the first step and
 * towards 1 at the
 * last (fastai's ParamScheduler).
 */
export class ParamScheduler extends HyperparameterScheduler {
  constructor(schedules: Readonly<Record<string, (position: number) => HyperValue>>) {
    super('param-scheduler', ({position}) =>
      Object.entries(schedules).map(([name, schedule]) => [name, schedule(position)]),
    );
  }
}
