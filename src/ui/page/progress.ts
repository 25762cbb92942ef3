import type {RunSummary} from '../protocol.js';
import {imagesPerStep} from './alignment.js';
import {h, section, write} from './dom.js';
import {duration} from './format.js';
import type {Store} from './store.js';

/** The speed is that of the last minute. */
const windowMs = 60_000;

/** A step of a run, and when the page heard of it. */
interface Mark {
  at: number;
  step: number;
}

/**
 * How far the current run is; while it trains, also its speed and the time that is left. The speed comes from the steps
 * that the page has heard of, so it is known after two of them.
 */
export function progress(store: Store): HTMLElement {
  const bar = h('progress', {'aria-label': 'Steps that are done'});
  const text = h('p', {class: 'hint'});
  const whole = section('Progress', bar, text);
  let marks: Mark[] = [];
  let measured: string | undefined;
  const update = (): void => {
    const run = store.runs?.find(({name}) => name === store.current);
    whole.hidden = run === undefined;
    if (!run) return;
    // another run, or this one has begun anew
    if (run.name !== measured || run.step < (marks.at(-1)?.step ?? 0)) marks = [];
    measured = run.name;
    const now = Date.now();
    if (run.step !== marks.at(-1)?.step) marks.push({at: now, step: run.step});
    marks = marks.filter(({at}, i) => now - at <= windowMs || i >= marks.length - 2);
    bar.hidden = run.steps === undefined;
    bar.max = Math.max(1, run.steps ?? 1);
    bar.value = Math.min(run.step, bar.max);
    write(text, progressText(run, speed(marks), imagesPerStep(store.detail?.config ?? {})));
  };
  store.on(['runs', 'selection', 'details'], update);
  update();
  return whole;
}

/** Steps a second; undefined before there are two marks. */
function speed(marks: readonly Mark[]): number | undefined {
  const [first, last] = [marks[0], marks.at(-1)];
  return first && last && last.at > first.at ? ((last.step - first.step) / (last.at - first.at)) * 1000 : undefined;
}

/** @param images of a step */
function progressText({step, steps, live}: RunSummary, perSecond: number | undefined, images?: number): string {
  const parts = [steps === undefined ? `Step ${step}` : `Step ${step} of ${steps}`];
  const trains = live && (steps === undefined || step < steps);
  if (trains && perSecond !== undefined) {
    if (images !== undefined) parts.push(`${Number((perSecond * images).toPrecision(3))} images/s`);
    if (steps !== undefined) parts.push(`${duration((steps - step) / perSecond)} left`);
  }
  return parts.join(', ');
}
