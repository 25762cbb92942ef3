import {setTimeout as sleep} from 'node:timers/promises';
import type {CurveNews, Points, ServerEvents} from '../protocol.js';
import type {RunCurves} from './curves.js';
import {readDetail, type RunList} from './run-list.js';
import type {RunsRoot} from './runs-root.js';

/** Time between two polls of the files, in milliseconds. */
const intervalMs = 500;
/** When nothing changes, a line is still sent, so that the server notices a page that is gone. */
const pingMs = 15_000;

export type ServerEvent = {[K in keyof ServerEvents]: {event: K; data: ServerEvents[K]}}[keyof ServerEvents];

interface Sources {
  root: RunsRoot;
  list: RunList;
  /** The curves of a run; the same ones for all that look at it. */
  curvesOf(name: string): RunCurves;
}

/**
 * Yields everything that a page needs to know about these runs: first the whole state, then the changes. Yields
 * `undefined` when nothing changed for long.
 */
export async function* watch(
  names: readonly string[],
  {root, list, curvesOf}: Sources,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent | undefined> {
  const ifNew = onlyChanges();
  const curves = names.map((name) => new CurveCursor(name, curvesOf(name)));
  let quiet = 0;
  while (!signal.aborted) {
    const events: ServerEvent[] = ifNew('', {event: 'runs', data: await list.read()});
    for (const name of names) {
      const detail = await readDetail(root, name);
      if (detail) events.push(...ifNew(name, {event: 'run', data: detail}));
    }
    for (const cursor of curves) {
      const data = await cursor.news();
      if (data) events.push({event: 'curves', data});
    }
    yield* events;
    quiet = events.length > 0 ? 0 : quiet + intervalMs;
    if (quiet >= pingMs) {
      yield undefined;
      quiet = 0;
    }
    await sleep(intervalMs, undefined, {signal}).catch(() => undefined);
  }
}

/** Lets an event through when it differs from the last one of its key. */
function onlyChanges(): (key: string, event: ServerEvent) => ServerEvent[] {
  const last = new Map<string, string>();
  return (key, event) => {
    const text = JSON.stringify(event.data);
    if (last.get(key) === text) return [];
    last.set(key, text);
    return [event];
  };
}

/** How much of a run's curves one page has been sent. */
class CurveCursor {
  readonly #name: string;
  readonly #log: RunCurves;
  #beginning: number | undefined;
  #sent = new Map<string, {generation: number; points: number}>();
  #watch = JSON.stringify({findings: [], stopped: ''});

  constructor(name: string, log: RunCurves) {
    this.#name = name;
    this.#log = log;
  }

  async news(): Promise<CurveNews | undefined> {
    await this.#log.update();
    const {series, beginning} = this.#log;
    const gone = this.#beginning === beginning ? [] : [...this.#sent.keys()].filter((key) => !series.has(key));
    if (this.#beginning !== beginning) this.#sent = new Map();
    this.#beginning = beginning;
    const reset: string[] = [];
    const curves: Record<string, Points> = {};
    for (const [key, {points, generation}] of series) {
      const sent = this.#sent.get(key);
      const goesOn = sent?.generation === generation;
      const from = goesOn ? sent.points : 0;
      if (!goesOn) reset.push(key);
      if (goesOn && points.steps.length === from) continue;
      curves[key] = {steps: points.steps.slice(from), values: points.values.slice(from)};
      this.#sent.set(key, {generation, points: points.steps.length});
    }
    const {watch} = this.#log;
    const text = JSON.stringify(watch);
    const isNew = text !== this.#watch;
    this.#watch = text;
    if (Object.keys(curves).length === 0 && gone.length === 0 && !isNew) return undefined;
    return {
      name: this.#name,
      reset,
      ...(gone.length > 0 && {gone}),
      curves,
      ...(isNew && {findings: [...watch.findings], stopped: watch.stopped}),
    };
  }
}
