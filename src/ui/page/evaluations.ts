import {evaluationTable} from '../../runs/evaluation-table.js';
import {h, section} from './dom.js';
import {title} from './format.js';
import type {Store} from './store.js';

/** What `gan evaluate` measured of the selected runs; hidden while there is nothing. */
export function evaluations(store: Store): HTMLElement {
  const place = h('div', {class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': 'Measured values'});
  const hint = h('p', {class: 'hint'}, 'Measured by gan evaluate, the newest first. In brackets: 95 % intervals.');
  const whole = section('Evaluations', hint, place);
  whole.hidden = true;
  let shown = '';
  const update = (): void => {
    const details = store.selected.flatMap((run) => store.details.get(run) ?? []);
    const measured = details.filter((detail) => detail.evaluations.length > 0);
    const key = JSON.stringify(measured.map((detail) => [detail.name, detail.evaluations, store.colour(detail.name)]));
    if (key === shown) return;
    shown = key;
    whole.hidden = measured.length === 0;
    place.replaceChildren(
      ...measured.map((detail) => {
        const {columns, rows} = evaluationTable(detail.evaluations);
        const caption =
          details.length > 1
            ? h('caption', {'data-colour': store.colour(detail.name)}, title(detail.name, store.about.folder))
            : undefined;
        return h(
          'table',
          {},
          caption,
          h('thead', {}, h('tr', {}, ...columns.map((column) => h('th', {scope: 'col'}, column)))),
          h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, cell))))),
        );
      }),
    );
  };
  store.on(['details', 'selection'], update);
  return whole;
}
