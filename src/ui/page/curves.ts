import {timeCurve} from './alignment.js';
import {h, keyed, section} from './dom.js';
import {findings} from './findings.js';
import {CurvePanel} from './curve-panel.js';
import type {Store} from './store.js';

const titles = new Map([
  ['critLoss', 'Critic loss'],
  ['genLoss', 'Generator loss'],
  ['diversity', 'Diversity of samples'],
  ['separation', 'Separation by the critic'],
  ['overfitting', 'Overfitting of the critic'],
]);
const losses: readonly string[] = ['critLoss', 'genLoss'];

/** One panel for each loss and each metric, with a line for each selected run. */
export function curves(store: Store): HTMLElement {
  const grid = h('div', {class: 'panels'});
  const empty = h('p', {class: 'hint'}, 'No steps yet.');
  const panels = new Map<string, CurvePanel>();
  let scheduled = false;
  const update = (): void => {
    scheduled = false;
    const runs = store.selected;
    const keys = [...new Set(runs.flatMap((run) => [...(store.curves.get(run)?.keys() ?? [])]))]
      .filter((key) => key !== timeCurve)
      .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    empty.hidden = keys.length > 0;
    for (const key of panels.keys()) if (!keys.includes(key)) panels.delete(key);
    keyed(grid, keys, (key) => {
      const panel = new CurvePanel(titles.get(key) ?? key, store);
      panels.set(key, panel);
      return panel.element;
    });
    for (const [key, panel] of panels)
      panel.show(
        runs.flatMap((run) => {
          const points = store.curves.get(run)?.get(key);
          return points && points.steps.length > 0
            ? [{run, points, findings: store.watch.get(run)?.findings ?? []}]
            : [];
        }),
      );
  };
  const soon = (): void => {
    if (!scheduled) requestAnimationFrame(update);
    scheduled = true;
  };
  store.on(['curves', 'selection'], soon);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    panels.forEach((panel) => panel.redraw()),
  );
  return section('Curves', findings(store), empty, grid);
}

/** The losses first. */
const rank = (key: string): number => (losses.includes(key) ? losses.indexOf(key) : losses.length);
