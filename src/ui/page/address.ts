import type {Store} from './store.js';

/** Keeps the selection in the address, `#run=NAME&with=NAME`, so that it can be reloaded, kept and sent. */
export function keepInAddress(store: Store): void {
  store.on(['selection'], () => {
    const query = new URLSearchParams(store.selected.map((name, i) => [i === 0 ? 'run' : 'with', name]));
    history.replaceState(null, '', `#${query}`);
  });
  addEventListener('hashchange', () => selectFromAddress(store));
}

/** Selects what the address says; false when it says nothing. */
export function selectFromAddress(store: Store): boolean {
  const query = new URLSearchParams(location.hash.slice(1));
  const run = query.get('run');
  if (run === null) return false;
  store.select(run, query.getAll('with'));
  return true;
}
