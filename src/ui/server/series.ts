import type {Points} from '../protocol.js';

/** Points of a curve that are kept: more than a screen has columns. */
export const mostPoints = 4096;

/**
 * A curve that grows without end in bounded memory: when it is full, every other point goes away, and from then on half as many of
 * those that come are kept.
 */
export class Series {
  readonly points: Points = {steps: [], values: []};
  /** Goes up when points that were there have changed, so that who shows them has to begin anew. */
  generation = 0;
  #stride = 1;
  #seen = 0;

  add(step: number, value: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    const {steps, values} = this.points;
    steps.push(step);
    values.push(value);
    if (steps.length > mostPoints) this.#thin();
  }

  #thin(): void {
    const every = (_: number, i: number): boolean => i % 2 === 0;
    this.points.steps = this.points.steps.filter(every);
    this.points.values = this.points.values.filter(every);
    this.#stride *= 2;
    this.generation++;
  }
}
