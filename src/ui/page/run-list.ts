import type {RunSummary} from '../protocol.js';
import {h, keyed, set, write} from './dom.js';
import {ago, number, title} from './format.js';
import {mostSelected, type Store} from './store.js';

/** The list of runs: a button shows a run, its box adds it to those that are compared. */
export function runList(store: Store, nav: HTMLElement): void {
  const filter = h('input', {
    type: 'search',
    placeholder: 'Find a run',
    'aria-label': 'Find a run',
    input: () => update(),
  });
  const list = h('ul');
  const empty = h(
    'p',
    {class: 'hint'},
    'No runs yet. They appear here as soon as a training begins: ',
    h('code', {}, 'gan fit photos/'),
  );
  nav.append(h('h2', {}, 'Runs'), filter, list, empty);
  const update = (): void => {
    const wanted = filter.value.trim().toLowerCase();
    const {runs = []} = store;
    const shown = runs.filter(({name}) => name.toLowerCase().includes(wanted));
    const byName = new Map(shown.map((run) => [run.name, run]));
    filter.hidden = runs.length < 6;
    empty.hidden = store.runs?.length !== 0;
    for (const item of keyed(list, [...byName.keys()], (name) => makeItem(store, name)))
      updateItem(store, item, byName.get(item.dataset['key']!)!);
  };
  store.on(['runs', 'selection'], update);
  setInterval(update, 30_000); // "3 minutes ago"
  update();
}

function makeItem(store: Store, name: string): HTMLLIElement {
  const label = title(name, store.about.folder);
  const toggle = (event: Event): void => {
    const {checked} = event.target as HTMLInputElement;
    const others = store.compared.filter((other) => other !== name);
    store.select(store.current ?? name, checked ? [...others, name] : others);
  };
  return h(
    'li',
    {},
    h('input', {type: 'checkbox', 'aria-label': `Compare ${label}`, title: 'Compare', change: toggle}),
    h(
      'button',
      {
        type: 'button',
        click: () =>
          store.select(
            name,
            store.compared.includes(name) ? store.compared.filter((other) => other !== name) : store.compared,
          ),
      },
      h('span', {class: 'name'}, label),
      h('span', {class: 'state'}),
      h('span', {class: 'losses'}),
    ),
  );
}

function updateItem(store: Store, item: HTMLLIElement, run: RunSummary): void {
  const {name} = run;
  const [box, button] = [item.querySelector('input')!, item.querySelector('button')!];
  const isCurrent = name === store.current;
  box.checked = store.selected.includes(name);
  box.disabled = isCurrent || (!box.checked && store.selected.length >= mostSelected);
  set(button, 'aria-current', isCurrent ? 'true' : undefined);
  set(item, 'data-colour', store.colour(name));
  set(item, 'data-live', run.live);
  const steps = run.steps === undefined ? `step ${run.step}` : `step ${run.step} of ${run.steps}`;
  const state = run.live && run.step !== run.steps ? 'training' : ago(Date.now() - run.updated);
  write(item.querySelector('.state')!, `${steps}, ${state}`);
  const losses = [
    ['critic', run.critLoss],
    ['generator', run.genLoss],
  ] as const;
  write(
    item.querySelector('.losses')!,
    losses.flatMap(([network, loss]) => (loss === undefined ? [] : `${network} ${number(loss)}`)).join(', '),
  );
}
