import type {CurveNews, Points, ServerEvents} from '../protocol.js';
import type {Store} from './store.js';

const retryMs = 3000;

/** Keeps one stream of events from the server, about the selected runs, and puts what it says into the store. */
export function connect(store: Store): void {
  let source: EventSource | undefined;
  let watched = '';
  const open = (): void => {
    source?.close();
    const query = new URLSearchParams(store.selected.map((name) => ['run', name]));
    const stream = new EventSource(`/api/events?${query}`);
    source = stream;
    const on = <K extends keyof ServerEvents>(name: K, take: (data: ServerEvents[K]) => void): void =>
      stream.addEventListener(name, (event) =>
        take(JSON.parse((event as MessageEvent<string>).data) as ServerEvents[K]),
      );
    on('runs', (runs) => {
      store.runs = runs;
      store.changed('runs');
    });
    on('run', (detail) => {
      store.details.set(detail.name, detail);
      store.changed('details');
    });
    on('curves', (news) => {
      merge(store, news);
      store.changed('curves');
    });
    stream.onopen = () => setConnected(true);
    stream.onerror = () => {
      setConnected(false);
      // else it tries by itself
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => source === stream && open(), retryMs);
    };
  };
  const setConnected = (connected: boolean): void => {
    if (store.connected === connected) return;
    store.connected = connected;
    store.changed('connection');
  };
  store.on(['selection'], () => {
    const wanted = [...store.selected].sort().join('\n');
    if (wanted === watched) return;
    watched = wanted;
    open();
  });
  open();
}

function merge(
  {curves, watch}: Store,
  {name, reset, gone = [], curves: news, findings, stopped = ''}: CurveNews,
): void {
  if (findings) watch.set(name, {findings, stopped});
  const run = curves.get(name) ?? new Map<string, Points>();
  curves.set(name, run);
  for (const key of gone) run.delete(key);
  for (const [key, {steps, values}] of Object.entries(news)) {
    const old = reset.includes(key) ? undefined : run.get(key);
    run.set(key, {steps: [...(old?.steps ?? []), ...steps], values: [...(old?.values ?? []), ...values]});
  }
}
