import type {About, Found, Points, RunDetail, RunSummary} from '../protocol.js';

/** Runs that can be looked at together: as many as there are colours that can be told apart. */
export const mostSelected = 8;

export type Change = 'runs' | 'selection' | 'details' | 'curves' | 'connection';

/** The state of the page, and its listeners. */
export class Store {
  readonly about: About;
  /** Undefined until the server has said which there are. */
  runs: RunSummary[] | undefined;
  /** The run that is looked at. */
  current: string | undefined;
  /** Those that it is compared with. */
  compared: string[] = [];
  readonly details = new Map<string, RunDetail>();
  /** Points by run and curve. */
  readonly curves = new Map<string, Map<string, Points>>();
  /** What the watch over each run found, and why it ended early. */
  readonly watch = new Map<string, {findings: readonly Found[]; stopped: string}>();
  connected = true;
  readonly #listeners: [Change[], () => void][] = [];
  /** A run keeps its colour while it is selected. */
  readonly #colours = new Map<string, number>();

  constructor(about: About) {
    this.about = about;
  }

  /** The current run first. */
  get selected(): string[] {
    return this.current === undefined ? [] : [this.current, ...this.compared];
  }

  get detail(): RunDetail | undefined {
    return this.current === undefined ? undefined : this.details.get(this.current);
  }

  on(changes: Change[], listener: () => void): void {
    this.#listeners.push([changes, listener]);
  }

  changed(change: Change): void {
    for (const [changes, listener] of this.#listeners) if (changes.includes(change)) listener();
  }

  select(current: string, compared: readonly string[]): void {
    this.current = current;
    this.compared = compared.filter((name) => name !== current).slice(0, mostSelected - 1);
    for (const name of this.#colours.keys()) if (!this.selected.includes(name)) this.#colours.delete(name);
    for (const name of this.selected) if (!this.#colours.has(name)) this.#colours.set(name, this.#freeColour());
    this.changed('selection');
  }

  /** Number of the run's colour, 0 to 7; undefined when it is not selected. */
  colour(name: string): number | undefined {
    return this.#colours.get(name);
  }

  #freeColour(): number {
    const used = new Set(this.#colours.values());
    return Array.from({length: mostSelected}, (_, i) => i).find((i) => !used.has(i)) ?? 0;
  }
}
