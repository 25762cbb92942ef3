import {factColumns, factsOf, intervalText, metricNames, significant} from '../../runs/evaluation-table.js';
import type {RunDetail} from '../protocol.js';
import {h, section} from './dom.js';
import {title} from './format.js';
import type {Store} from './store.js';

/**
 * What `gan evaluate` measured, with 95 % intervals, a column for each evaluation: of one run all of them, of several
 * the newest of each. Hidden while there is nothing.
 */
export function evaluations(store: Store): HTMLElement {
  const place = h('div', {class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': 'Measured values'});
  const hint = h('p', {class: 'hint'}, 'Measured by gan evaluate. Below each value: its 95 % interval.');
  const whole = section('Evaluations', hint, place);
  whole.hidden = true;
  let shown = '';
  const update = (): void => {
    const details = store.selected.flatMap((run) => store.details.get(run) ?? []);
    const several = details.length > 1;
    const columns = details.flatMap(({name, evaluations: all}) =>
      (several ? all.slice(-1) : all.toReversed()).map((evaluation) => ({
        head: several ? title(name, store.about.folder) : `step ${evaluation.step}`,
        colour: several ? store.colour(name) : undefined,
        evaluation,
      })),
    );
    const key = JSON.stringify([several, columns]);
    if (key === shown) return;
    shown = key;
    whole.hidden = columns.length === 0;
    const measured = columns.map(({evaluation}) => evaluation);
    const facts = measured.map(factsOf);
    place.replaceChildren(
      h(
        'table',
        {class: 'evaluations'},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('td'),
            ...columns.map(({head, colour}) => h('th', {scope: 'col', 'data-colour': colour}, head)),
          ),
        ),
        h(
          'tbody',
          {},
          ...metricNames(measured).map((name) =>
            h('tr', {}, h('th', {scope: 'row'}, name), ...measured.map((each) => valueCell(each, name))),
          ),
          ...factColumns.map((name, i) =>
            h('tr', {class: 'same'}, h('th', {scope: 'row'}, name), ...facts.map((cells) => h('td', {}, cells[i]))),
          ),
        ),
      ),
    );
  };
  store.on(['details', 'selection'], update);
  return whole;
}

function valueCell({metrics}: RunDetail['evaluations'][number], name: string): HTMLElement {
  const measured = metrics.find((each) => each.name === name);
  if (!measured) return h('td', {}, '–');
  const interval = intervalText(measured);
  return h('td', {}, significant(measured.value), interval === '' ? undefined : h('small', {}, interval));
}
