/**
 * metrics.jsonl of a run folder: one line for each training step, one for each epoch that ended, and what the watch
 * measured and found.
 */
import {appendFile, open, readFile, type FileHandle} from 'node:fs/promises';
import type {Position} from '../gan/checkpoint.js';
import {writeFileAtomic} from '../gan/io/atomic-write.js';
import {findingNames} from '../options/stop-when.js';
import type {Finding} from './watch/finding.js';

/**
 * A line about a step; with `row` about the end of an epoch, with `watch`, `finding` and `stopped` about what the watch
 * did there. What is no number in a file is absent here.
 */
export interface MetricsLine {
  /** Optimiser steps done, of both networks. */
  step: number;
  /** Counted from 0. */
  epoch?: number;
  /** The network that the step trained. */
  mode?: 'critic' | 'generator';
  /** Its loss. */
  loss?: number;
  /** The terms that the loss is the sum of, by name, where there is more than one. */
  terms?: Readonly<Record<string, number>>;
  /** The length of its gradients before they were clipped, where they are. */
  gradNorm?: number;
  /** Running means of the losses. */
  genLoss?: number;
  critLoss?: number;
  lr?: number;
  /** What moves by itself beside the learning rate, by name, such as `augment.ada.p`. */
  hyperparameters?: Readonly<Record<string, number>>;
  /** What the epoch took. */
  seconds?: number;
  /** What the epoch measured, by the recorder's columns; null where it measured nothing. */
  row?: Record<string, number | null>;
  /** What the watch measured, by name: `diversity`, `separation`, `overfitting`. */
  watch?: Readonly<Record<string, number>>;
  /** A finding that began, or was over. */
  finding?: Finding;
  /** Why the run ended early, because `stopWhen` asked for it. */
  stopped?: string;
}

/** Lines are gathered for so long before they are written: a write a step would cost time. */
const flushMs = 1000;

/** The log of a run, to be written and read. */
export class MetricsLog {
  readonly path: string;
  /** Does the writing; a training that can go on without its log sets another. Lines that are not written wait. */
  attempt: (task: () => Promise<void>) => Promise<void> = (task) => task();
  #lines: string[] = [];
  #flushed = performance.now();

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a line. Lines are written about once a second, and by `flush`. */
  async add(line: MetricsLine): Promise<void> {
    this.#lines.push(`${JSON.stringify(line)}\n`);
    if (performance.now() - this.#flushed > flushMs) await this.flush();
  }

  async flush(): Promise<void> {
    const count = this.#lines.length;
    this.#flushed = performance.now();
    if (count === 0) return;
    await this.attempt(async () => {
      await appendFile(this.path, this.#lines.slice(0, count).join(''));
      this.#lines.splice(0, count);
    });
  }

  /** Calls `take` with each line, in order. */
  async read(take: (line: MetricsLine) => void): Promise<void> {
    await new MetricsReader(() => open(this.path).catch(() => undefined)).update(take);
  }

  /**
   * Drops the lines about steps after `step`, and about the end of `epoch` and later ones: all that will come again.
   */
  async rewind({step, epoch}: Pick<Position, 'step' | 'epoch'>): Promise<void> {
    const text = await readFile(this.path, 'utf8').catch(() => '');
    const isPast = (line: MetricsLine | undefined): boolean =>
      line !== undefined &&
      line.step <= step &&
      line.stopped === undefined &&
      (line.row === undefined || (line.epoch ?? Infinity) < epoch);
    const kept = endedLines(text).filter((line) => isPast(parseLine(line)));
    await writeFileAtomic(this.path, kept.map((line) => `${line}\n`).join(''));
  }
}

const chunkBytes = 1 << 20;
/** A line has about 150 bytes; what is longer than this is none. */
const longestLine = 1 << 16;

/** Reads a log as it grows. */
export class MetricsReader {
  readonly #open: () => Promise<FileHandle | undefined>;
  #inode = 0;
  #offset = 0;
  #rest = Buffer.alloc(0);

  /** @param open gives the log; undefined while there is none */
  constructor(open: () => Promise<FileHandle | undefined>) {
    this.#open = open;
  }

  /**
   * Calls `take` with each line that has come since the last time.
   * @param restart called first when the file is another one, as after a run was resumed: then all of its lines come
   * again
   */
  async update(take: (line: MetricsLine) => void, restart: () => void = () => {}): Promise<void> {
    const file = await this.#open();
    if (!file) return this.#beginAnew(0, restart);
    try {
      const {ino, size} = await file.stat();
      if (ino !== this.#inode || size < this.#offset) this.#beginAnew(ino, restart);
      const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(0, size - this.#offset)));
      while (this.#offset < size) {
        const {bytesRead} = await file.read(chunk, 0, Math.min(chunk.length, size - this.#offset), this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        this.#take(chunk.subarray(0, bytesRead), take);
      }
    } finally {
      await file.close();
    }
  }

  #beginAnew(inode: number, restart: () => void): void {
    if (this.#offset > 0) restart();
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** The beginning of the last line is kept until its end comes. */
  #take(chunk: Buffer, take: (line: MetricsLine) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(10) + 1;
    const rest = bytes.subarray(end);
    this.#rest = rest.length > longestLine ? Buffer.alloc(0) : Buffer.from(rest);
    for (const line of parseLines(bytes.subarray(0, end).toString())) take(line);
  }
}

/** A finding of the watch from its beginning to its end. */
export interface Found extends Omit<Finding, 'state'> {
  /** Step at which it was told. */
  seen: number;
  /** Step at which it was over; absent while it is not. */
  over?: number;
}

/** Adds what a line tells about a finding to those of the lines before. */
export function addFinding(found: Found[], {step, finding: told}: MetricsLine): void {
  if (!told) return;
  const {state, ...finding} = told;
  if (state === 'seen') found.push({...finding, seen: step});
  const open = found.findLast(({name, over}) => name === finding.name && over === undefined);
  if (state === 'over' && open) open.over = step;
}

/** Enough for the last lines, in bytes. */
const tailBytes = 4096;

/** How far a run is: its last step, and the running means of the losses there. */
export type Standing = Pick<MetricsLine, 'step' | 'genLoss' | 'critLoss'>;

/**
 * How far a run is, by the end of its log: the other lines are not read.
 * @param file the log; undefined while there is none
 */
export async function readStanding(file: FileHandle | undefined): Promise<Standing> {
  if (!file) return {step: 0};
  const {size} = await file.stat();
  const length = Math.min(size, tailBytes);
  const {buffer, bytesRead} = await file.read(Buffer.alloc(length), 0, length, size - length);
  return parseLines(buffer.subarray(0, bytesRead).toString()).reduce(advance, {step: 0});
}

/** How far a run is after a further line. */
export const advance = (before: Standing, {step, genLoss, critLoss}: MetricsLine): Standing => ({
  ...before,
  step,
  ...(genLoss !== undefined && {genLoss}),
  ...(critLoss !== undefined && {critLoss}),
});

/**
 * The one rule for all readers: a line counts when it has ended, with a line feed, and holds what a line holds. One
 * that a crash cut short, or that is damaged, is passed over; those after it count.
 */
const parseLines = (text: string): MetricsLine[] => endedLines(text).flatMap((line) => parseLine(line) ?? []);

const endedLines = (text: string): string[] => text.split('\n').slice(0, -1);

function parseLine(text: string): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value['step'] !== 'number') return undefined;
  const {step, mode, terms, hyperparameters, row, watch, stopped} = value;
  const finding = parseFinding(value['finding']);
  const numbers = numeric.flatMap((key) => (typeof value[key] === 'number' ? [[key, value[key]]] : []));
  return {
    step,
    ...(Object.fromEntries(numbers) as Pick<MetricsLine, (typeof numeric)[number]>),
    ...((mode === 'critic' || mode === 'generator') && {mode}),
    ...(isRecord(terms) && {terms: Object.fromEntries(Object.entries(terms).filter(isNumber))}),
    ...(isRecord(hyperparameters) && {
      hyperparameters: Object.fromEntries(Object.entries(hyperparameters).filter(isNumber)),
    }),
    ...(isRecord(row) && {row: Object.fromEntries(Object.entries(row).filter(isCell))}),
    ...(isRecord(watch) && {watch: Object.fromEntries(Object.entries(watch).filter(isNumber))}),
    ...(finding && {finding}),
    ...(typeof stopped === 'string' && {stopped}),
  };
}

function parseFinding(value: unknown): Finding | undefined {
  if (!isRecord(value)) return undefined;
  const {name, what, state, since, measured, advice} = value;
  const known = findingNames.find((each) => each === name);
  if (!known || (state !== 'seen' && state !== 'over') || typeof since !== 'number') return undefined;
  const texts = Array.isArray(advice) ? advice.filter((each): each is string => typeof each === 'string') : [];
  const text = (given: unknown): string => (typeof given === 'string' ? given : '');
  return {name: known, what: text(what), state, since, measured: text(measured), advice: texts};
}

const numeric = ['epoch', 'loss', 'genLoss', 'critLoss', 'gradNorm', 'lr', 'seconds'] as const;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumber = (entry: [string, unknown]): entry is [string, number] => typeof entry[1] === 'number';
const isCell = (entry: [string, unknown]): entry is [string, number | null] => entry[1] === null || isNumber(entry);
