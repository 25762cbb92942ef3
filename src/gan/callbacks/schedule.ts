import {GanError} from '../../errors.js';
import type {Callback} from '../callback.js';

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
 * Returns the factor for the learning rate of the next step, >= 0. It must be a pure function, so that a resumed run
 * needs no state.
 */
export type LearningRateSchedule = (progress: Progress) => number;

/**
 * Sets the learning rate of all parameter groups before each training batch.
 * @throws GanError GAN_SCHEDULE for a factor that is no number of at least 0
 */
export function scheduleLearningRate(schedule: LearningRateSchedule, lr: number, steps: number): Callback {
  return {
    name: 'schedule',
    runAfter: ['discriminative-lr', 'recorder', 'image-metrics', 'log-metrics', 'tensorboard'],
    beforeBatch({training, step, opt}) {
      if (!training) return;
      const factor = schedule({step, steps, position: step / steps});
      if (!(Number.isFinite(factor) && factor >= 0))
        throw new GanError(
          'config',
          'GAN_SCHEDULE',
          `the schedule returned ${factor} at step ${step} of ${steps}, but needs a number of at least 0`,
        );
      opt!.setHyper('lr', lr * factor);
    },
  };
}
