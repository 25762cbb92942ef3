/**
 * metrics.jsonl of a run folder: one line for each training step, one for each epoch that ended, and what the watch
 * measured and found.
 */
import {open, rm, truncate, type FileHandle} from 'node:fs/promises';
import type {Position} from '../gan/checkpoint.js';
import {appendLines} from '../gan/io/append.js';
import {renameDurably, temporaryName, writeFileAtomic} from '../gan/io/atomic-write.js';
import {openRegular} from '../gan/io/read-file.js';
import {isRecord} from '../options/json.js';
import {atPath} from '../system-error.js';
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
  /** Told of each line that is added. */
  noted: (line: MetricsLine) => void = () => {};
  /** Does the writing; a training that can go on without its log sets another. Lines that are not written wait. */
  attempt: (task: () => Promise<void>) => Promise<void> = (task) => task();
  #lines: string[] = [];
  #flushed = performance.now();

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a line. Lines are written about once a second, and by `flush`. */
  async add(line: MetricsLine): Promise<void> {
    this.noted(line);
    this.#lines.push(`${JSON.stringify(line)}\n`);
    if (performance.now() - this.#flushed > flushMs) await this.flush();
  }

  /**
   * Writes the lines that wait: all of them, or none when that fails; then they go on waiting.
   * @param sync the file is on the disk, too, when this returns
   */
  async flush({sync = false} = {}): Promise<void> {
    const count = this.#lines.length;
    this.#flushed = performance.now();
    if (count === 0) return;
    await this.attempt(async () => {
      await atPath(this.path, appendLines(this.path, this.#lines.slice(0, count).join(''), {sync}));
      this.#lines.splice(0, count);
    });
  }

  /**
   * Calls `take` with each line, in order.
   * @param only `rare`: all but those about steps, which are passed over without being read, ten times as fast
   * @throws GanError GAN_FILE_UNREADABLE (exit 5)
   */
  async read(take: (line: MetricsLine) => void, only: 'all' | 'rare' = 'all'): Promise<void> {
    await new MetricsReader(() => openRegular(this.path)).update(take, undefined, () => (only === 'all' ? 1 : 0));
  }

  /**
   * Cuts off the lines about steps after `step`, and about the end of `epoch` and later ones: all that will come again.
   * The log is searched from its end, whatever its size.
   * @returns false when there was no log; then there is an empty one
   * @throws GanError GAN_FILE_UNREADABLE (exit 5)
   */
  async rewind({step, epoch}: Pick<Position, 'step' | 'epoch'>): Promise<boolean> {
    const file = await openRegular(this.path);
    if (!file) {
      await writeFileAtomic(this.path, '');
      return false;
    }
    try {
      const {size} = await file.stat();
      const {end, after} = await endOfPast(file, size, {step, epoch});
      if (after.length > 0) await this.#rewrite(file, end, after);
      else if (end < size) await truncateDurably(this.path, end);
    } finally {
      await file.close();
    }
    return true;
  }

  /** Lines to keep stand behind lines to drop: a shorter log takes the place of the old one. */
  async #rewrite(file: FileHandle, end: number, after: readonly Place[]): Promise<void> {
    const temporary = temporaryName(this.path);
    try {
      const shorter = await open(temporary, 'wx');
      try {
        for (const {start, end: to} of [{start: 0, end}, ...after])
          for (let at = start; at < to; at += chunkBytes)
            await shorter.appendFile(await readAt(file, at, Math.min(chunkBytes, to - at)));
      } finally {
        await shorter.close();
      }
      await renameDurably(temporary, this.path);
    } catch (error) {
      await rm(temporary, {force: true}).catch(() => {}); // what went wrong first is told
      throw error;
    }
  }
}

async function truncateDurably(path: string, size: number): Promise<void> {
  await truncate(path, size);
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A line in a file, by its bytes. */
interface Place {
  start: number;
  end: number;
}

/** Lines about earlier steps, one after the other, behind which no line about a later step is looked for. */
const enoughPast = 1000;

/**
 * Where the lines end that a log is to keep when it is rewound.
 * @returns the end of those that have no line to drop before them, and the places of those that have
 */
async function endOfPast(
  file: FileHandle,
  size: number,
  {step, epoch}: Pick<Position, 'step' | 'epoch'>,
): Promise<{end: number; after: Place[]}> {
  const isPast = (line: MetricsLine): boolean =>
    line.step <= step && line.stopped === undefined && (line.row === undefined || (line.epoch ?? Infinity) < epoch);
  const after: Place[] = [];
  let inRow = 0;
  let past: Place[] = []; // those without a later line before them, as far as was read, the last one first
  for await (const {line, ...place} of linesFromEnd(file, size)) {
    if (!line) continue;
    if (isPast(line)) {
      past.push(place);
      if (line.step < step && ++inRow >= enoughPast) break;
    } else {
      for (const each of past) after.push(each);
      past = [];
      inRow = 0;
    }
  }
  return {end: past[0]?.end ?? 0, after: after.reverse()};
}

const chunkBytes = 1 << 20;
/** A line has about 150 bytes; what is longer than this is none. */
const longestLine = 1 << 16;

async function readAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const {buffer, bytesRead} = await file.read(Buffer.alloc(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}

/**
 * The lines of a file, the last one first, without reading more of it than is asked for. `line` is undefined for those
 * that do not count.
 */
export async function* linesFromEnd(
  file: FileHandle,
  size: number,
): AsyncGenerator<Place & {line: MetricsLine | undefined}> {
  let end = size; // of what has not been given yet
  let rest: Buffer = Buffer.alloc(0); // the beginning of the file's part before `end` that has been read
  let isTooLong = false; // then the rest of the line before `end` is not kept
  for (let [to, length] = [size, 1 << 14]; to > 0; length = Math.min(2 * length, chunkBytes)) {
    const from = Math.max(0, to - length);
    const chunk = await readAt(file, from, to - from);
    const bytes: Buffer = isTooLong ? chunk : Buffer.concat([chunk, rest]);
    let bound = bytes.length;
    while (bound > 0) {
      const before = isTooLong ? bound - 1 : bound - 2; // the line feed at its own end is not looked for
      const feed = before < 0 ? -1 : bytes.lastIndexOf(10, before);
      if (feed < 0 && from > 0) break;
      const start = feed + 1;
      const isWhole = !isTooLong && bytes[bound - 1] === 10 && bound - start <= longestLine;
      const line = isWhole ? parseLine(bytes.toString('utf8', start, bound - 1)) : undefined;
      yield {start: from + start, end, line};
      isTooLong = false;
      end = from + start;
      bound = start;
    }
    rest = bytes.subarray(0, bound);
    to = from;
    if (rest.length > longestLine) isTooLong = true;
    if (isTooLong) rest = Buffer.alloc(0);
  }
}

/** Bytes of a log before the place where reading goes on that are looked at again. */
const markBytes = 64;

/** Reads a log as it grows. */
export class MetricsReader {
  readonly #open: () => Promise<FileHandle | undefined>;
  #inode = 0;
  #offset = 0;
  #rest = Buffer.alloc(0);
  /** The last bytes before the offset: when others stand there, the log was rewound and has grown again. */
  #mark = Buffer.alloc(0);
  #steps = 0;

  /** @param open gives the log; undefined while there is none */
  constructor(open: () => Promise<FileHandle | undefined>) {
    this.#open = open;
  }

  /**
   * Calls `take` with each line that has come since the last time.
   * @param restart called first when the file is another one, as after a run was resumed: then all of its lines come
   * again
   * @param everyStep how many lines about steps there are for each that is read, where so many bytes have come: 1 reads
   * all, 0 none. The others are passed over, as long as they begin as `gan fit` writes them
   */
  async update(
    take: (line: MetricsLine) => void,
    restart: () => void = () => {},
    everyStep: (bytes: number) => number = () => 1,
  ): Promise<void> {
    const file = await this.#open();
    if (!file) return this.#beginAnew(0, restart);
    try {
      const {ino, size} = await file.stat();
      const isAnother = ino !== this.#inode || size < this.#offset || !(await this.#isSame(file));
      if (isAnother) this.#beginAnew(ino, restart);
      const every = everyStep(size - this.#offset);
      const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(0, size - this.#offset)));
      while (this.#offset < size) {
        const {bytesRead} = await file.read(chunk, 0, Math.min(chunk.length, size - this.#offset), this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        const read = chunk.subarray(0, bytesRead);
        this.#mark = Buffer.concat([this.#mark, read.subarray(-markBytes)]).subarray(-markBytes);
        const isLast = size - this.#offset < longestLine; // the newest lines are all read
        this.#take(read, take, isLast ? Math.min(every, 1) : every);
      }
    } finally {
      await file.close();
    }
  }

  async #isSame(file: FileHandle): Promise<boolean> {
    const {length} = this.#mark;
    return length === 0 || (await readAt(file, this.#offset - length, length)).equals(this.#mark);
  }

  #beginAnew(inode: number, restart: () => void): void {
    if (this.#offset > 0) restart();
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = this.#mark = Buffer.alloc(0);
  }

  /** The beginning of the last line is kept until its end comes. */
  #take(chunk: Buffer, take: (line: MetricsLine) => void, everyStep: number): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(10) + 1;
    const rest = bytes.subarray(end);
    this.#rest = rest.length > longestLine ? Buffer.alloc(0) : Buffer.from(rest);
    for (let start = 0; start < end;) {
      const feed = bytes.indexOf(10, start);
      if (everyStep === 1 || !isStepLine(bytes, start) || (everyStep > 1 && this.#steps++ % everyStep === 0)) {
        const line = parseLine(bytes.toString('utf8', start, feed));
        if (line) take(line);
      }
      start = feed + 1;
    }
  }
}

/** True if a line is about a step, as `logMetrics` writes it: `{"step":1,"epoch":0,"mode":...`. */
function isStepLine(bytes: Buffer, start: number): boolean {
  let at = start;
  for (const part of stepParts) {
    for (const byte of part) if (bytes[at++] !== byte) return false;
    while (bytes[at]! >= 48 && bytes[at]! <= 57) at++;
  }
  return true;
}
const stepParts = ['{"step":', ',"epoch":', ',"mode":'].map((part) => Buffer.from(part));

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

/** How far a run is: its last step, and the running means of the losses there. */
export type Standing = Pick<MetricsLine, 'step' | 'genLoss' | 'critLoss'>;

/**
 * How far a run is, by the end of its log: the other lines are not read.
 * @param file the log; undefined while there is none
 */
export async function readStanding(file: FileHandle | undefined): Promise<Standing> {
  if (!file) return {step: 0};
  const {size} = await file.stat();
  let standing: Standing | undefined;
  let lines = 0;
  for await (const {line} of linesFromEnd(file, size)) {
    if (line) standing = {...advance({step: 0}, line), ...standing};
    if (standing?.genLoss !== undefined && standing.critLoss !== undefined) break;
    if (++lines >= enoughLines && standing) break;
  }
  return standing ?? {step: 0};
}

/** Lines from the end of a log in which the running means of both losses are looked for. */
const enoughLines = 100;

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
function parseLine(text: string): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isCount(value['step'])) return undefined;
  const {step, epoch, mode, terms, hyperparameters, row, watch, stopped} = value;
  const line: MetricsLine = {step};
  if (isCount(epoch)) line.epoch = epoch;
  if (mode === 'critic' || mode === 'generator') line.mode = mode;
  for (const key of numeric) if (Number.isFinite(value[key])) line[key] = value[key] as number;
  if (isRecord(terms)) line.terms = numbersOf(terms);
  if (isRecord(hyperparameters)) line.hyperparameters = numbersOf(hyperparameters);
  if (isRecord(row)) line.row = Object.fromEntries(Object.entries(row).filter(isCell));
  if (isRecord(watch)) line.watch = numbersOf(watch);
  const finding = parseFinding(value['finding']);
  if (finding) line.finding = finding;
  if (typeof stopped === 'string') line.stopped = stopped;
  return line;
}

function parseFinding(value: unknown): Finding | undefined {
  if (!isRecord(value)) return undefined;
  const {name, what, state, since, measured, advice} = value;
  const known = findingNames.find((each) => each === name);
  if (!known || (state !== 'seen' && state !== 'over') || !isCount(since)) return undefined;
  const texts = Array.isArray(advice) ? advice.filter((each): each is string => typeof each === 'string') : [];
  const text = (given: unknown): string => (typeof given === 'string' ? given : '');
  return {name: known, what: text(what), state, since, measured: text(measured), advice: texts};
}

const numeric = ['loss', 'genLoss', 'critLoss', 'gradNorm', 'lr', 'seconds'] as const;

/** Steps and epochs. */
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const numbersOf = (values: object): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(isNumber));

/** A number by a name that can be the key of an object. */
const isNumber = (entry: [string, unknown]): entry is [string, number] =>
  Number.isFinite(entry[1]) && entry[0] !== '__proto__';
const isCell = (entry: [string, unknown]): entry is [string, number | null] =>
  isNumber(entry) || (entry[1] === null && entry[0] !== '__proto__');
