import type {RunSummary} from '../protocol.js';
import {imagesPerStep} from './alignment.js';
import {h, keyed, section, set, write} from './dom.js';
import {duration, title} from './format.js';
import type {Store} from './store.js';

/** The speed is that of the last minute. */
const windowMs = 60_000;

/** A step of a run, and when the page heard of it. */
interface Mark {
  at: number;
  step: number;
}

/**
 * How far the selected runs are; while one trains, also its speed and the time that is left. The speed comes from the
 * steps that the page has heard of, so it is known after two of them.
 */
export function progress(store: Store): HTMLElement {
  const list = h('div', {class: 'progresses'});
  const whole = section('Progress', list);
  const marks = new Map<string, Mark[]>();
  const update = (): void => {
    const runs = store.selected.flatMap((name) => store.runs?.filter((run) => run.name === name) ?? []);
    whole.hidden = runs.length === 0;
    for (const name of marks.keys()) if (!runs.some((run) => run.name === name)) marks.delete(name);
    for (const run of runs) marks.set(run.name, marksOf(run, marks.get(run.name) ?? []));
    const items = keyed(
      list,
      runs.map(({name}) => name),
      makeItem,
    );
    items.forEach((item, i) => {
      const run = runs[i]!;
      const several = runs.length > 1;
      const images = imagesPerStep(store.details.get(run.name)?.config ?? {});
      const text = progressText(run, speed(marks.get(run.name)!), images);
      set(item, 'data-colour', several ? store.colour(run.name) : undefined);
      write(item.querySelector('p')!, several ? `${title(run.name, store.about.folder)}: ${text}` : text);
      const bar = item.querySelector('progress')!;
      bar.hidden = run.steps === undefined;
      bar.max = Math.max(1, run.steps ?? 1);
      bar.value = Math.min(run.step, bar.max);
    });
  };
  store.on(['runs', 'selection', 'details'], update);
  update();
  return whole;
}

const makeItem = (): HTMLElement =>
  h('div', {class: 'progress'}, h('progress', {'aria-label': 'Steps that are done'}), h('p', {class: 'hint'}));

/** The marks of a run, with what is heard of it now: those of the last minute, and two at least. */
function marksOf(run: RunSummary, before: readonly Mark[]): Mark[] {
  const now = Date.now();
  const goesOn = run.step >= (before.at(-1)?.step ?? 0); // else it has begun anew
  const marks = goesOn ? [...before] : [];
  if (run.step !== marks.at(-1)?.step) marks.push({at: now, step: run.step});
  return marks.filter(({at}, i) => now - at <= windowMs || i >= marks.length - 2);
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
