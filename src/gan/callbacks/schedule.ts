import {GanError} from '../../errors.js';
import type {Callback} from '../callback.js';
import type {HyperValue} from '../hyperparameters.js';
import type {Learner} from '../learner.js';

/** How far a training is. */
export interface Progress {
  /** Steps done, of critic and generator together. */
  step: number;
  /** Steps wanted in all. */
  steps: number;
  /** step / steps: 0 at the first step, below 1 at the last. */
  position: number;
}

/**
 * A hyperparameter's value in the next step as a share of the configured one: 1 leaves it, 0.1 is a tenth of it. A pure
 * function, so that
 * a resumed run needs no state.
 */
export type Schedule = (progress: Progress) => number;

/** How a schedule moves a hyperparameter: endValue + (startValue - endValue) * schedule(progress). */
export interface Scheduled {
  schedule: Schedule;
  /** The value where the schedule gives 1. Absent: the value that the training begins with. */
  startValue?: number;
  /** The value where the schedule gives 0; 0. */
  endValue?: number;
}

/** Sets hyperparameters before each training batch; all schedules are this callback. */
export class HyperparameterScheduler implements Callback {
  readonly name: string;
  readonly runAfter = ['discriminative-lr', 'recorder', 'image-metrics', 'log-metrics', 'tensorboard'];
  readonly #values: (learn: Learner) => Iterable<readonly [name: string, value: HyperValue]>;

  /** @param values names and values for the next step */
  constructor(name: string, values: (learn: Learner) => Iterable<readonly [name: string, value: HyperValue]>) {
    this.name = name;
    this.#values = values;
  }

  beforeBatch(learn: Learner): void {
    if (!learn.training) return;
    for (const [name, value] of this.#values(learn)) learn.hyperparameters.set(name, value);
  }
}

/** Holds the values of before the fit while schedules move them. */
class ScheduleCallback extends HyperparameterScheduler {
  readonly #names: readonly string[];
  readonly #before: Map<string, number[]>;

  constructor(schedules: readonly (readonly [name: string, scheduled: Scheduled])[], steps: number) {
    const before = new Map<string, number[]>();
    super('schedule', ({step}) =>
      schedules.map(([name, {schedule, startValue, endValue = 0}]) => {
        const share = schedule({step, steps, position: step / steps});
        if (!(Number.isFinite(share) && share >= 0))
          throw new GanError(
            'config',
            'GAN_SCHEDULE',
            `the schedule of ${name} gives ${share} at step ${step} of ${steps}; a number of at least 0 is needed`,
          );
        return [name, before.get(name)!.map((value) => endValue + ((startValue ?? value) - endValue) * share)];
      }),
    );
    this.#names = schedules.map(([name]) => name);
    this.#before = before;
  }

  beforeFit({hyperparameters}: Learner): void {
    for (const name of this.#names) this.#before.set(name, hyperparameters.values(name));
  }

  release({hyperparameters}: Learner): void {
    for (const [name, values] of this.#before) hyperparameters.set(name, values);
    this.#before.clear();
  }
}

/**
 * Moves hyperparameters, by their names, over a training of `steps` steps. A network's own, `critic.lr`, wins over that
 * of both, `lr`. When the fit is over they have the values again that they had before it.
 * @throws GanError GAN_HYPERPARAMETER for an unknown name, GAN_SCHEDULE when a schedule gives no finite number, or one
 * below 0
 */
export const scheduleHyperparameters = (schedules: Readonly<Record<string, Scheduled>>, steps: number): Callback =>
  new ScheduleCallback(
    Object.entries(schedules).sort(([a], [b]) => a.split('.').length - b.split('.').length),
    steps,
  );

/**
 * Multiplies the learning rate of every parameter group by what the schedule gives. @throws as
 * `scheduleHyperparameters`
 */
export const scheduleLearningRate = (schedule: Schedule, steps: number): Callback =>
  scheduleHyperparameters({lr: {schedule}}, steps);
