import type {About} from '../protocol.js';
import {keepInAddress, selectFromAddress} from './address.js';
import {configuration} from './configuration.js';
import {connect} from './connection.js';
import {curves} from './curves.js';
import {set, write} from './dom.js';
import {evaluations} from './evaluations.js';
import {explorer} from './explorer.js';
import {title} from './format.js';
import {progress} from './progress.js';
import {runList} from './run-list.js';
import {samples} from './samples.js';
import {Store} from './store.js';

const element = (id: string): HTMLElement => document.getElementById(id)!;

const store = new Store((await (await fetch('/api/about')).json()) as About);
write(element('folder'), store.about.folder);

runList(store, element('runs'));
element('main').append(
  samples(store),
  progress(store),
  curves(store),
  evaluations(store),
  explorer(store),
  configuration(store),
);

store.on(['connection'], () => {
  write(element('connection'), store.connected ? '' : 'Not connected: has gan ui ended?');
  set(document.body, 'data-connected', store.connected ? 'yes' : 'no');
});
store.on(['selection'], () => {
  set(document.body, 'data-comparing', store.compared.length > 0);
  document.title = store.current === undefined ? 'gan' : `${title(store.current, store.about.folder)} - gan`;
});
store.on(['runs', 'selection'], () =>
  set(document.body, 'data-empty', store.runs?.length === 0 && store.current === undefined),
);
store.on(['runs'], () => {
  if (store.current !== undefined) return;
  const newest = store.runs?.toSorted((a, b) => b.updated - a.updated)[0];
  if (newest !== undefined) store.select(newest.name, []);
});

keepInAddress(store);
selectFromAddress(store);
connect(store);
