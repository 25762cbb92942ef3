import {addFinding, MetricsReader, type Found, type MetricsLine} from '../../runs/metrics-log.js';
import {RunFolder} from '../../runs/run-folder.js';
import type {Points, TimeCurve} from '../protocol.js';
import type {RunsRoot} from './runs-root.js';

/** Points of a curve that are kept: more than a screen has columns. */
export const mostPoints = 4096;

/**
 * A curve that grows without end in bounded memory: when it is full, every other point goes away, and from then on half
 * as many of those that come are kept.
 */
export class Series {
  readonly points: Points = {steps: [], values: []};
  /** Goes up when points that were there have changed, so that who shows them has to begin anew. */
  generation = 0;
  #stride = 1;
  #seen = 0;

  add(step: number, value: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    const {steps, values} = this.points;
    steps.push(step);
    values.push(value);
    if (steps.length > mostPoints) this.#thin();
  }

  #thin(): void {
    const every = (_: number, i: number): boolean => i % 2 === 0;
    this.points.steps = this.points.steps.filter(every);
    this.points.values = this.points.values.filter(every);
    this.#stride *= 2;
    this.generation++;
  }
}

/** Curves of a run, at most: two losses, hyperparameters that move, what the watch and what its epochs measure. */
const mostCurves = 32;
/** Findings of a run that are shown, at most. */
const mostFindings = 100;
/** Columns of the recorder that say what the curves of the losses say, or when. */
const lossColumns: readonly string[] = ['train_loss', 'gen_loss', 'crit_loss', 'time'];
const timeCurve: TimeCurve = 'training time';
const metricsFile = new RunFolder('').metrics.path;

/**
 * Of so many bytes that have come at once, one line about a step in how many is read: enough for the points of a curve,
 * and few enough for the first curve of a million steps to come at once.
 */
const oneOf = (bytes: number): number => Math.max(1, Math.floor(bytes / readAtOnce));
/** About 25,000 lines. */
const readAtOnce = 4 << 20;

/** The curves of a run, read from metrics.jsonl as it grows. */
export class RunCurves {
  readonly #reader: MetricsReader;
  #series = new Map<string, Series>();
  /** Goes up when the file has been rewritten, as resuming a run does. */
  #beginning = 0;
  #reading: Promise<void> | undefined;
  #findings: Found[] = [];
  #stopped = '';
  #seconds = 0;

  constructor(root: RunsRoot, run: string) {
    this.#reader = new MetricsReader(() => root.open(run, metricsFile));
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  get beginning(): number {
    return this.#beginning;
  }

  /** What the watch found, and why the run ended early. */
  get watch(): {findings: readonly Found[]; stopped: string} {
    return {findings: this.#findings, stopped: this.#stopped};
  }

  /** Reads what has been appended since the last time; several callers share one reading. */
  update(): Promise<void> {
    const restart = (): void => {
      this.#beginning++;
      this.#series = new Map();
      this.#findings = [];
      this.#stopped = '';
      this.#seconds = 0;
    };
    const take = (line: MetricsLine): void => this.#take(line);
    return (this.#reading ??= this.#reader.update(take, restart, oneOf).finally(() => (this.#reading = undefined)));
  }

  #take(line: MetricsLine): void {
    const {step, row, critLoss, genLoss, hyperparameters, watch, stopped, seconds} = line;
    if (this.#findings.length < mostFindings) addFinding(this.#findings, line);
    if (stopped !== undefined) this.#stopped = stopped;
    if (row && seconds !== undefined) this.#curve(timeCurve)?.add(step, (this.#seconds += seconds));
    // an epoch's losses are the curves' last points already; its other columns are what the run measures
    const values = row
      ? Object.entries(row).filter(([name]) => !lossColumns.includes(name))
      : Object.entries({critLoss, genLoss, ...hyperparameters, ...watch});
    for (const [name, value] of values) if (typeof value === 'number') this.#curve(name)?.add(step, value);
  }

  #curve(name: string): Series | undefined {
    const known = this.#series.get(name);
    if (known || this.#series.size >= mostCurves || name.length > 100) return known;
    const fresh = new Series();
    this.#series.set(name, fresh);
    return fresh;
  }
}
