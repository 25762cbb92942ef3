import {flatConfig} from '../../options/flat-config.js';
import type {RunDetail} from '../protocol.js';
import {h, section, write} from './dom.js';
import {title} from './format.js';
import type {Store} from './store.js';

/**
 * What a run sets other than the defaults, folded; of several runs, what differs. The box shows all values.
 */
export function configuration(store: Store): HTMLElement {
  const all = h('input', {type: 'checkbox', change: () => update()});
  const what = h('span');
  const option = h('label', {class: 'row'}, all, what);
  const place = h('div', {class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': 'Values'});
  const summary = h('summary');
  const fold = h('details', {}, summary, option, place);
  let [shown, several] = ['', false];
  const update = (): void => {
    const details = store.selected.flatMap((run) => store.details.get(run) ?? []);
    const key = JSON.stringify([details, all.checked, store.selected.map((run) => store.colour(run))]);
    if (key === shown) return;
    shown = key;
    // a comparison is asked for, so it opens; people fold it as they like
    if (several !== details.length > 1) fold.open = several = details.length > 1;
    write(what, several ? 'Show what is the same, too' : 'Show the defaults, too');
    write(summary, several ? 'What differs' : 'What differs from the defaults');
    place.replaceChildren(several ? severalRuns(store, details, all.checked) : oneRun(details[0], all.checked));
  };
  store.on(['details', 'selection'], update);
  return section('Configuration', fold);
}

function oneRun(detail: RunDetail | undefined, all: boolean): HTMLElement {
  if (!detail) return h('p', {class: 'hint'}, 'No run is selected.');
  const chosen = [...texts(detail.config)].filter(([key]) => all || !isDefault(detail.origins[key]));
  if (chosen.length === 0) return h('p', {class: 'hint'}, 'Every value is the default.');
  const rows = chosen.map(([key, value]) =>
    h(
      'tr',
      {},
      h('th', {scope: 'row'}, key),
      h('td', {}, value),
      h('td', {class: 'origin'}, detail.origins[key] ?? ''),
    ),
  );
  return table(['key', 'value', 'from'], rows);
}

/** As resolveConfig and checkPart name where a value is from that nobody has set. */
const isDefault = (origin: string | undefined): boolean => origin?.startsWith('default') ?? false;

function severalRuns(store: Store, details: RunDetail[], all: boolean): HTMLElement {
  const flat = details.map(({config}) => texts(config));
  const keys = [...new Set(flat.flatMap((values) => [...values.keys()]))];
  const differing = keys.filter((key) => new Set(flat.map((values) => values.get(key))).size > 1);
  const rows = (all ? keys : differing).map((key) =>
    h(
      'tr',
      {class: differing.includes(key) ? 'differs' : 'same'},
      h('th', {scope: 'row'}, key),
      ...flat.map((values) => h('td', {}, values.get(key) ?? 'none')),
    ),
  );
  if (rows.length === 0) return h('p', {class: 'hint'}, 'These runs have the same configuration.');
  return table(
    ['key', ...details.map(({name}) => title(name, store.about.folder))],
    rows,
    details.map(({name}) => store.colour(name)),
  );
}

function table(heads: string[], rows: HTMLElement[], colours: (number | undefined)[] = []): HTMLElement {
  return h(
    'table',
    {},
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...heads.map((head, i) => h('th', {scope: 'col', 'data-colour': i === 0 ? undefined : colours[i - 1]}, head)),
      ),
    ),
    h('tbody', {}, ...rows),
  );
}

/** The values as they are shown, by the keys that `gan fit --set` takes. */
const texts = (config: Record<string, unknown>): Map<string, string> =>
  new Map(
    [...flatConfig(config)].map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
