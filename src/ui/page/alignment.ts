/** Which sample grids of several runs belong together: those at the same step, number of images or training time. */
import type {Points, RunDetail, TimeCurve} from '../protocol.js';
import {nearest} from './nearest.js';

/** Tells of the time that a run has trained. */
export const timeCurve: TimeCurve = 'training time';

export type Unit = 'step' | 'images' | 'time';

/** A sample grid and where it is: a step, a number of real images, or seconds of training. */
export interface Placed {
  step: number;
  at: number;
}

/**
 * The sample grids of a run with their places, ascending; undefined where the run does not say.
 * @param times seconds of training at the ends of epochs
 */
export function placesOf(
  {samples, config}: Pick<RunDetail, 'samples' | 'config'>,
  times: Points | undefined,
  unit: Unit,
): Placed[] | undefined {
  if (unit === 'step') return samples.map((step) => ({step, at: step}));
  if (unit === 'time')
    return times && times.steps.length > 0 ? samples.map((step) => ({step, at: secondsAt(times, step)})) : undefined;
  const images = imagesPerStep(config);
  return images === undefined ? undefined : samples.map((step) => ({step, at: step * images}));
}

/** Real images that an optimiser step reads. */
export function imagesPerStep({batchSize, accumulate = 1}: Record<string, unknown>): number | undefined {
  return typeof batchSize === 'number' && typeof accumulate === 'number' ? batchSize * accumulate : undefined;
}

/** Seconds of training at a step: evenly within each epoch, and after the last one as in it. */
export function secondsAt({steps, values}: Points, step: number): number {
  const before = steps[0]! > step ? -1 : Math.min(nearest(steps, step), steps.length - 2);
  const [from, since] = before === -1 ? [0, 0] : [steps[before]!, values[before]!];
  const [to, until] = [steps[before + 1]!, values[before + 1]!];
  return to > from ? since + ((step - from) / (to - from)) * (until - since) : until;
}

/** All places of some runs, ascending. */
export const allPlaces = (runs: readonly (readonly Placed[])[]): number[] =>
  [...new Set(runs.flatMap((places) => places.map(({at}) => at)))].sort((a, b) => a - b);

/** Index of the last place that no run has ended before: where all of them can be compared. */
export function lastCommon(places: readonly number[], runs: readonly (readonly Placed[])[]): number {
  const end = Math.min(...runs.map((each) => each.at(-1)?.at ?? Infinity));
  return places.findLastIndex((at) => at <= end);
}

/** The grid of a run that is nearest to a place; of two, the earlier one. */
export const nearestTo = (run: readonly Placed[], at: number): Placed =>
  run.reduce((best, each) => (Math.abs(each.at - at) < Math.abs(best.at - at) ? each : best));
