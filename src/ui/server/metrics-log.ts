import {RunFolder} from '../../runs/run-folder.js';
import type {RunsRoot} from './runs-root.js';
import {Series} from './series.js';

const chunkBytes = 1 << 20;
/** A line of metrics.jsonl has about 150 bytes; what is longer than this is none. */
const longestLine = 1 << 16;
/** Curves of a run, at most: two losses and what its epochs measure. */
const mostCurves = 32;

/** Names of the files of a run, relative to its folder. */
export const metricsFile = new RunFolder('').metricsPath;

/** The curves of a run, read from metrics.jsonl as it grows. */
export class MetricsLog {
  readonly #root: RunsRoot;
  readonly #run: string;
  #series = new Map<string, Series>();
  /** Goes up when the file has been rewritten, as resuming a run does. */
  #beginning = 0;
  #inode = 0;
  #offset = 0;
  #rest = Buffer.alloc(0);
  #reading: Promise<void> | undefined;

  constructor(root: RunsRoot, run: string) {
    this.#root = root;
    this.#run = run;
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  get beginning(): number {
    return this.#beginning;
  }

  /** Reads what has been appended since the last time; several callers share one reading. */
  update(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  async #read(): Promise<void> {
    const file = await this.#root.open(this.#run, metricsFile);
    if (!file) return this.#beginAnew(0);
    try {
      const {ino, size} = await file.stat();
      if (ino !== this.#inode || size < this.#offset) this.#beginAnew(ino);
      const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(0, size - this.#offset)));
      while (this.#offset < size) {
        const {bytesRead} = await file.read(chunk, 0, Math.min(chunk.length, size - this.#offset), this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        this.#take(chunk.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  #beginAnew(inode: number): void {
    if (this.#offset > 0) this.#beginning++;
    this.#series = new Map();
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** Whole lines are taken, the beginning of the last one is kept until its end comes. */
  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(10);
    const rest = bytes.subarray(end + 1);
    this.#rest = rest.length > longestLine ? Buffer.alloc(0) : Buffer.from(rest);
    if (end >= 0) for (const line of bytes.subarray(0, end).toString().split('\n')) this.#takeLine(line);
  }

  #takeLine(text: string): void {
    const line = parseLine(text);
    if (line === undefined) return;
    const {step, row, critLoss, genLoss} = line;
    // an epoch's losses are the curves' last points already; its other columns are what the run measures
    const values = row
      ? Object.entries(row).filter(([name]) => !lossColumns.includes(name))
      : Object.entries({critLoss, genLoss});
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

/** Columns of the recorder that say what the curves of the losses say, or when. */
const lossColumns: readonly string[] = ['train_loss', 'gen_loss', 'crit_loss', 'time'];

export interface MetricsLine {
  step: number;
  critLoss?: unknown;
  genLoss?: unknown;
  /** Only in the lines that end an epoch. */
  row?: Record<string, unknown>;
}

/** A line of metrics.jsonl; undefined for anything else. */
export function parseLine(text: string): MetricsLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<MetricsLine> | null;
    if (typeof line !== 'object' || line === null || typeof line.step !== 'number') return undefined;
    const {step, row, critLoss, genLoss} = line;
    return {step, critLoss, genLoss, ...(typeof row === 'object' && row !== null && {row})};
  } catch {
    return undefined;
  }
}
