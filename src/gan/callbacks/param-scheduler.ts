import type {Callback} from '../callback.js';
import type {Learner} from '../learner.js';

/** A hyperparameter's value at a share of the training, 0 at the first step and towards 1 at the last. */
export type Schedule = (position: number) => number | number[];

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

/** Sets hyperparameters before each training batch (fastai's ParamScheduler). */
export class ParamScheduler implements Callback {
  readonly name = 'param-scheduler';
  readonly runAfter = ['discriminative-lr', 'recorder'];
  readonly #schedules: Record<string, Schedule>;

  constructor(schedules: Record<string, Schedule>) {
    this.#schedules = schedules;
  }

  beforeBatch({training, position, opt}: Learner): void {
    if (!training) return;
    for (const [name, schedule] of Object.entries(this.#schedules)) opt!.setHyper(name, schedule(position));
  }
}
